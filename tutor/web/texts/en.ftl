# Every word of its own that the chat page says, in English. The other languages have the same keys.
# What somebody else wrote comes in as a value, such as { $title }.

## The page around the conversation

course = Course
new-conversation = New conversation
menu = Menu
close-menu = Close the menu
your-question = Your question
ask-placeholder = Ask about this course…
ask = Ask
stop = Stop
language = Language
search-conversations = Search your conversations

## What the tutor is doing, and what became of it

warming-up = The tutor is warming up… your question will be answered in a moment.
first-course = The tutor is warming up and reading its first course… you can ask in a moment.
not-started = The tutor could not get ready, so it cannot answer yet. This is what is wrong, and what helps:
start-again = Then start the tutor again and reload this page.
in-line = Your question is in line: the answer comes as soon as the tutor is ready.
looking = Looking in the course…
renamed = The conversation has its new name.
deleted = The conversation is deleted.
replaced = The new answer has taken the place of the last one.
gone = That conversation is no longer here. This is a new one.
no-such-course = The link names a course that is not here. This is another one.
no-such-section = The link names a section that is not here. This is the whole course.
nothing-to-ask = There is no course to ask about yet.
empty-question = Type a question first, or choose one of the suggestions.
stopped = Stopped. Your question was not answered, and nothing was kept of the answer.
failed = Something went wrong here, and your question was not answered. It is still below: try it again.
found = { $count ->
    [0] No conversations found.
    [one] { $count } conversation found.
   *[other] { $count } conversations found.
}

## Who is there

signed-out-title = You are not signed in
signed-out-how = Open the tutor from your course: follow the link to it there. You are then signed in by itself.
signed-out-or = Or sign in here:
sign-in = Sign in
sign-out = Sign out
sent-outside = To write the answer, your question and what the course says about it are sent to { $model }.

## Where there is no course yet

no-course-title = No course yet
no-course = The tutor answers from the texts of a course, and it has none so far. Add one here, or from a terminal:

## The home of a course

home-intro = Ask anything about this course. Every answer is taken from the course’s own texts, and the numbers in it open the very place it comes from.
begin-with = You could begin with
outline = What is in this course
first-texts = The first { $shown } of { $all } texts are shown.
sections = { $count ->
    [one] { $count } section
   *[other] { $count } sections
}
read = Read
read-it = Read { $title }
ask-about = Ask about { $title }
key-dates = Key dates
key-terms = Key terms

## A conversation

your-conversation = Your conversation
you-asked = You asked:
understood-as = Understood as:
not-meant = Not what you meant? Change it
source = Source { $marker }: { $place }
source-supported = Source { $marker }: { $place }, { $how }
sources-of = { $count ->
    [one] Source { $markers }: { $place }
   *[other] Sources { $markers }: { $place }
}
place-on-page = { $heading }, page { $page }
changed-since = changed since
sources = Sources
nearest = Closest in the course
ask-next = Ask next
said-answer = Answer: { $answer }
said-refusal = No answer in the course: { $answer }
said-sources = { $count ->
    [one] { $count } source.
   *[other] { $count } sources.
}

## How an answer is supported

how-quoted = quoted
how-verified = reworded and checked
how-unsupported = not found in the course
support-partly-not = Not all of this is in the course
support-quoted = In the course’s own words
support-verified = Reworded, and checked against the course
support-mixed = Partly in the course’s own words, partly reworded and checked against them
meaning = What do these mean?
meaning-quoted = Quoted
meaning-quoted-is = the course says it in these very words.
meaning-verified = Reworded
meaning-verified-is = the course says it in other words, and each sentence was checked against the place that its number opens.
meaning-unsupported = Not found
meaning-unsupported-is = the course does not say it, and nobody has checked it.
meaning-number-is = each number opens its own place. There, the words have the same number, colour and line.

## What can be done with an answer

do-with-answer = What to do with this answer
copy = Copy
copy-markdown = Copy as Markdown
answer-again = Answer again
edit-question = Edit question
helpful = Helpful
not-helpful = Not helpful
copy-link = Copy link

## The list of conversations

earlier-conversations = Earlier conversations
more-for = More for: { $title }
do-with = What to do with: { $title }
rename = Rename
save-markdown = Save as Markdown
save-json = Save as JSON
print = Print or save as PDF
delete = Delete

## Dialogs

cancel = Cancel
rename-title = Rename this conversation
name = Name
save = Save
delete-title = Delete this conversation?
delete-warning = Its questions and answers are then gone for good.
feedback-title = What is not good about this answer?
choose-one = Choose one, if you like
own-words = In your own words, if you like
feedback-kept = It is kept together with the answer, for those who look after this tutor.
take-back = Take my feedback back
send = Send
reason-wrong = It is wrong
reason-not-asked = It is not what I asked
reason-hard = It is hard to understand
reason-incomplete = Something is missing
reason-other = Something else
editing = What you send now takes the place of your last question and its answer.
keep-them = Keep them

## The source beside the conversation

the-source = The source
panel-of = Source: { $title }
close-source = Close the source
text-of = Text of { $title }
where-this-is = Where this is
newer-version = The course has changed since. This is the text as it was when it was quoted.
read-before = Read what comes before
read-on = Read on
cut = this text is long, and only a part of it is shown
search = Search
search-text = Search in this text
previous-match = Previous match
next-match = Next match
contents = Contents
contents-of = Contents of { $title }
citation-number = Citation
citations-of-answer = Citations of this answer
previous-citation = Previous citation
next-citation = Next citation
place-among = { $at } of { $count }

## What can go wrong for a student

error-question-long = The question is longer than { $limit } characters. Ask it in fewer words.
error-question-empty = The question is empty. Type what you want to know.
error-no-source = The course does not have the text “{ $name }”, or not as it was. Its home shows what it has now.
error-no-course = This course is no longer here. Choose another one.
error-course-changed = The course has just changed. Ask again.
error-comment-long = The comment is longer than { $limit } characters. Say it in fewer words.
error-name-empty = The name is empty. Type what this conversation is about.
error-name-long = The name is longer than { $limit } characters. Choose a shorter one.
error-no-conversation = That conversation is no longer here. Begin a new one.
error-no-answer = That answer is no longer here. Open the conversation again.
error-not-last = This is no longer the last question of the conversation. Open it again, then ask once more.
error-too-many = You have asked very often within a minute. Wait { $seconds } seconds, then try again.
error-many-questions = Many people are asking at the moment. Wait a little, then ask again.
error-records = The tutor cannot read or write what it keeps. Nothing was changed. Tell whoever looks after it, and try again.
error-not-signed-in = You are not signed in, or not any more. Open the tutor from your course again.
error-not-your-page = This page was opened by somebody else. Load it anew.
error-sign-in-refused = The sign-in did not work. Try it once more.
error-sign-in-away = The sign-in service cannot be used at the moment. Try again in a few minutes, or tell whoever looks after the tutor.
error-technical = Something is wrong with the tutor itself. This is what it says: { $message }

## Adding material

material = Course material
material-intro = The tutor answers from the texts of a course and from nothing else. Here you add texts, replace them, or take them out.
material-new-course = A new course
material-new-name = What is the new course called?
material-held = Texts in this course
material-choose = Choose files, or drop them here
material-kinds = Plain text or Markdown ({ $suffixes }), each of up to { $size } MB. A file takes the place of the text that has the same name.
material-files = Files to add
material-add = Add to the course
material-close = Close course material
material-delete-course = Delete this course
material-take-out-title = Take this text out of the course?
material-take-out-warning = The tutor then answers from the other texts only. Answers that quoted it keep their quotes.
material-take-out = Take it out
material-delete-title = Delete this course?
material-delete-warning = Its texts, and all conversations about it, are then gone for good.

## What can go wrong with material

error-file-name = The tutor cannot keep a file under this name. Rename it without slashes, colons and other special signs, for example to notes.txt.
error-file-name-long = The name of this file is too long. Give it a shorter one.
error-file-kind = The tutor cannot read files of this kind. Use one of { $kinds }.
error-file-same = A file that is called nearly the same is still waiting. Add this one later.
error-files-many = Many files are waiting already. Wait until some of them are added, and try again.
error-file-large = This file is too large. Split it into smaller files.
error-file-empty = This file is empty. Choose one with some text in it.
error-file-unknown = The tutor could not add this file for a reason that it does not know. Tell whoever looks after it.
error-file-kept = The tutor cannot write what it keeps at the moment. The file is kept, and is tried again later.
error-file-stopped = The tutor is stopping. It goes on with this file when it starts again.
error-file-no-sentence = There is no sentence in this file to answer from. Add some text to it.
error-file-not-utf8 = This file is not written in UTF-8. Save it as UTF-8 text and add it again.
error-file-binary = This is no text file. Save it as UTF-8 text and add it again.
error-course-name-empty = The course has no name. Type one.
error-course-name-long = The name of the course is longer than { $limit } characters. Choose a shorter one.
error-only-text = This is the only text of the course. Delete the course instead, or add another text first.
error-not-your-course = This course is not yours to change. Make one of your own, or ask whoever looks after it.
error-course-exists = There is a course of that name already. Choose another name.

## What the page’s script says

script-material-characters = { $count } characters
script-material-take-out = Take out
script-material-take-out-it = Take out { $title }
script-material-taking-out = Being taken out…
script-material-taken-out = { $title } is taken out of the course.
script-material-deleted = The course is deleted.
script-material-leave-out = Leave out
script-material-leave-out-it = Leave out { $name }
script-material-open-course = Ask about it
script-material-open-course-it = Ask about { $name }
script-material-none = Choose a file first.
script-material-no-name = Type what the new course is called.
script-material-same-name = There is a course of that name already. Choose it in the list above, or type another name.
script-material-folder = This is a folder. Open it, and choose the files in it.
script-material-large = This file is larger than { $size } MB. Split it into smaller files.
script-material-not-sent = The connection was lost while this file was on its way, and nothing of it was kept. Add it again.
script-material-chosen = Not added yet
script-material-line = In line
script-material-sending = Being sent
script-material-waiting = Waiting
script-material-reading = Being read
script-material-embedding = Being made ready for questions
script-material-failed = Not added
script-material-added = Added
script-material-changed = Added in place of the one before
script-material-unchanged = Unchanged: the course has this text already
script-material-gone = No longer under way
script-material-said-added = { $name } is added.
script-material-said-changed = { $name } has taken the place of the one before.
script-material-said-unchanged = { $name } is unchanged.
script-material-said-failed = { $name } could not be added.
script-material-said-gone = { $name } is no longer under way.
script-lost = The tutor could not be reached. Try again in a moment.
script-not-found = Not found
script-match = { $at } of { $count }
script-not-in-part = Not found in the part that is shown
script-match-in-part = { $at } of { $count } in the part that is shown
script-no-copying = Your browser does not let the page copy. Select the text and copy it yourself.
script-saving = The conversation is being saved.
script-copied = Copied, with its sources.
script-copied-markdown = Copied as Markdown, with its sources.
script-link-copied = The link is copied.
script-feedback-kept = Thank you. Your feedback is kept with the answer.
script-feedback-back = Your feedback is taken back.

## When the tutor cannot be reached, or has too much to do

unanswered = Your last question was not answered. It is in the box below: send it again.
unanswered-kept = Your last question was not answered: { $question } Your other words are still in the box.
script-away = The tutor cannot be reached at the moment. What you typed is kept, and the page goes on by itself as soon as the tutor is back.
script-away-sent = The tutor cannot be reached at the moment. Your question is kept, and is sent by itself as soon as the tutor is back.
script-offline = You are offline. What you typed is kept, and the page goes on by itself as soon as you are online again.
script-offline-sent = You are offline. Your question is kept, and is sent by itself as soon as you are online again.
script-busy = The tutor has very many questions to answer at the moment. Yours is kept, and is sent again by itself in a moment.
script-busy-page = The tutor has very many questions to answer at the moment. The page goes on by itself in a moment.
script-too-busy = The tutor has too much to do at the moment. Try again in a minute.
script-signed-out = You are not signed in here any more. What you typed is kept: open the tutor from your course again, or load this page anew to sign in.

## On the way from an LMS to the tutor

error-lti-cookies = This launch began in another browser, or this one keeps no cookies of the tutor. Open the tutor from your course again.
error-lti-teachers = Only teachers choose what a link opens. Ask one of them.
lti-opening = The tutor is being opened…
lti-go-on = Go on
lti-window-title = Open the tutor in a window of its own
lti-window-why = Your browser does not let the tutor keep you signed in inside this page.
lti-window-open = Open the tutor
lti-choose-title = Choose what this link opens
lti-choose-intro = Students who follow the link come to the course or the section that you choose here.
lti-choose-whole = The whole course
lti-rule-title = When is it done?
lti-rule-why = Students who have done as much as you say here get the full score in your course’s gradebook, and a part of it on the way. With 0 in both there is no score.
lti-rule-questions = questions asked
lti-rule-sources = texts opened
lti-choose-add = Add the link
lti-choose-none = There is no course yet that a link could open. Open the tutor in your course and add one first.
lti-returning = Your choice is being taken back to your course…
lti-registered = The tutor is registered
lti-registered-next = This window can be closed. Switch the tool on in your learning platform if it asks for it.
