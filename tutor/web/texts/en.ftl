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
nothing-to-ask = There is no course to ask about yet.
empty-question = Type a question first, or choose one of the suggestions.
stopped = Stopped. Your question was not answered, and nothing was kept of the answer.
failed = Something went wrong here, and your question was not answered. It is still below: try it again.
found = { $count ->
    [0] No conversations found.
    [one] { $count } conversation found.
   *[other] { $count } conversations found.
}

## Where there is no course yet

no-course-title = No course yet
no-course = The tutor answers from the texts of a course, and it has none so far. Add one from a terminal, then reload this page:

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
newer-version = The course has a newer version of this text. This is the one that was quoted.
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

## What the page’s script says

script-lost = The tutor could not be reached. Try again in a moment.
script-not-found = Not found
script-match = { $at } of { $count }
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
