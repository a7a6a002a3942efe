# The page’s words in Arabic; en.ftl says where each one stands.

## The page around the conversation

course = المقرر
new-conversation = محادثة جديدة
menu = القائمة
close-menu = إغلاق القائمة
your-question = سؤالك
ask-placeholder = اسأل عن هذا المقرر…
ask = اسأل
stop = إيقاف
language = اللغة
search-conversations = ابحث في محادثاتك

## What the tutor is doing, and what became of it

warming-up = المعلّم يستعد الآن… ستأتي الإجابة عن سؤالك بعد لحظات.
first-course = المعلّم يستعد الآن ويقرأ مقرره الأول… يمكنك أن تسأل بعد لحظات.
not-started = لم يتمكن المعلّم من الاستعداد، لذلك لا يستطيع الإجابة بعد. هذه هي المشكلة وما يساعد على حلها:
start-again = بعد ذلك شغّل المعلّم من جديد وأعد تحميل هذه الصفحة.
in-line = سؤالك في الانتظار: تأتي الإجابة حالما يصبح المعلّم جاهزًا.
looking = جارٍ البحث في المقرر…
renamed = صار للمحادثة اسمها الجديد.
deleted = حُذفت المحادثة.
replaced = حلّت الإجابة الجديدة محل الإجابة الأخيرة.
gone = لم تعد تلك المحادثة هنا. هذه محادثة جديدة.
no-such-course = يشير الرابط إلى مقرر غير موجود هنا. هذا مقرر آخر.
nothing-to-ask = لا يوجد بعد مقرر يمكن السؤال عنه.
empty-question = اكتب سؤالًا أولًا، أو اختر واحدًا من الأسئلة المقترحة.
stopped = توقّف. لم تتم الإجابة عن سؤالك، ولم يُحفظ شيء من الإجابة.
failed = حدث خطأ هنا ولم تتم الإجابة عن سؤالك. ما زال في الأسفل: حاول مرة أخرى.
found = { $count ->
    [0] لم يُعثر على أي محادثة.
    [one] عُثر على محادثة واحدة.
    [two] عُثر على محادثتين.
    [few] عُثر على { $count } محادثات.
    [many] عُثر على { $count } محادثة.
   *[other] عُثر على { $count } محادثة.
}

## Where there is no course yet

no-course-title = لا يوجد مقرر بعد
no-course = يجيب المعلّم من نصوص مقرر، وليس لديه أي مقرر حتى الآن. أضف واحدًا من الطرفية، ثم أعد تحميل هذه الصفحة:

## The home of a course

home-intro = اسأل ما تشاء عن هذا المقرر. كل إجابة مأخوذة من نصوص المقرر نفسه، والأرقام التي فيها تفتح الموضع الذي جاءت منه بالضبط.
begin-with = يمكنك أن تبدأ بهذه الأسئلة
outline = محتوى هذا المقرر
first-texts = تظهر هنا أول { $shown } من { $all } من النصوص.
sections = { $count ->
    [zero] لا أقسام
    [one] قسم واحد
    [two] قسمان
    [few] { $count } أقسام
    [many] { $count } قسمًا
   *[other] { $count } قسم
}
read = اقرأ
read-it = اقرأ { $title }
ask-about = اسأل عن { $title }
key-dates = تواريخ مهمة
key-terms = مصطلحات مهمة

## A conversation

your-conversation = محادثتك
you-asked = سألت:
understood-as = فُهم السؤال هكذا:
not-meant = لم تقصد هذا؟ غيّره
source = المصدر { $marker }: { $place }
source-supported = المصدر { $marker }: { $place }، { $how }
sources-of = { $count ->
    [one] المصدر { $markers }: { $place }
   *[other] المصادر { $markers }: { $place }
}
place-on-page = { $heading }، الصفحة { $page }
changed-since = تغيّر منذ ذلك الحين
sources = المصادر
nearest = الأقرب في المقرر
ask-next = اسأل بعد ذلك
said-answer = الإجابة: { $answer }
said-refusal = لا توجد إجابة في المقرر: { $answer }
said-sources = { $count ->
    [zero] لا مصادر.
    [one] مصدر واحد.
    [two] مصدران.
    [few] { $count } مصادر.
    [many] { $count } مصدرًا.
   *[other] { $count } مصدر.
}

## How an answer is supported

how-quoted = مقتبس
how-verified = معاد صياغته ومتحقق منه
how-unsupported = غير موجود في المقرر
support-partly-not = ليس كل هذا في المقرر
support-quoted = بكلمات المقرر نفسه
support-verified = معاد صياغته، وقد جرى التحقق منه في المقرر
support-mixed = بعضه بكلمات المقرر نفسه، وبعضه معاد صياغته ومتحقق منه فيه
meaning = ماذا تعني هذه؟
meaning-quoted = مقتبس
meaning-quoted-is = يقول المقرر ذلك بهذه الكلمات نفسها.
meaning-verified = معاد صياغته
meaning-verified-is = يقول المقرر ذلك بكلمات أخرى، وقد جرى التحقق من كل جملة في الموضع الذي يفتحه رقمها.
meaning-unsupported = غير موجود
meaning-unsupported-is = لا يقول المقرر ذلك، ولم يتحقق منه أحد.
meaning-number-is = كل رقم يفتح موضعه. وهناك تحمل الكلمات الرقم نفسه واللون نفسه والخط نفسه.

## What can be done with an answer

do-with-answer = ما يمكن فعله بهذه الإجابة
copy = نسخ
copy-markdown = نسخ بصيغة Markdown
answer-again = أجب من جديد
edit-question = تعديل السؤال
helpful = مفيدة
not-helpful = غير مفيدة
copy-link = نسخ الرابط

## The list of conversations

earlier-conversations = المحادثات السابقة
more-for = المزيد عن: { $title }
do-with = ما يمكن فعله بالمحادثة: { $title }
rename = تغيير الاسم
save-markdown = حفظ بصيغة Markdown
save-json = حفظ بصيغة JSON
print = طباعة أو حفظ بصيغة PDF
delete = حذف

## Dialogs

cancel = إلغاء
rename-title = تغيير اسم هذه المحادثة
name = الاسم
save = حفظ
delete-title = هل تريد حذف هذه المحادثة؟
delete-warning = ستختفي أسئلتها وإجاباتها نهائيًا.
feedback-title = ما العيب في هذه الإجابة؟
choose-one = اختر واحدًا إن شئت
own-words = بكلماتك أنت إن شئت
feedback-kept = يُحفظ رأيك مع الإجابة، لمن يعتنون بهذا المعلّم.
take-back = سحب رأيي
send = إرسال
reason-wrong = إنها خاطئة
reason-not-asked = ليست ما سألت عنه
reason-hard = يصعب فهمها
reason-incomplete = ينقصها شيء
reason-other = شيء آخر
editing = ما ترسله الآن يحل محل سؤالك الأخير وإجابته.
keep-them = أبقهما

## The source beside the conversation

the-source = المصدر
panel-of = المصدر: { $title }
close-source = إغلاق المصدر
text-of = نص { $title }
where-this-is = أين يقع هذا
newer-version = لدى المقرر نسخة أحدث من هذا النص. هذه هي النسخة التي اقتُبس منها.
read-before = اقرأ ما قبل هذا
read-on = تابع القراءة
cut = هذا النص طويل، ولا يظهر منه إلا جزء
search = بحث
search-text = ابحث في هذا النص
previous-match = النتيجة السابقة
next-match = النتيجة التالية
contents = المحتويات
contents-of = محتويات { $title }
citation-number = الاقتباس
citations-of-answer = اقتباسات هذه الإجابة
previous-citation = الاقتباس السابق
next-citation = الاقتباس التالي
place-among = { $at } من { $count }

## What can go wrong for a student

error-question-long = السؤال أطول من { $limit } حرفًا. اسأله بكلمات أقل.
error-question-empty = السؤال فارغ. اكتب ما تريد معرفته.
error-no-source = لم يعد هذا النص في المقرر. تعرض صفحة المقرر ما فيه الآن.
error-no-course = لم يعد هذا المقرر هنا. اختر مقررًا آخر.
error-course-changed = تغيّر المقرر للتو. اسأل مرة أخرى.
error-comment-long = التعليق أطول من { $limit } حرفًا. قله بكلمات أقل.
error-name-empty = الاسم فارغ. اكتب موضوع هذه المحادثة.
error-name-long = الاسم أطول من { $limit } حرفًا. اختر اسمًا أقصر.
error-no-conversation = لم تعد تلك المحادثة هنا. ابدأ محادثة جديدة.
error-no-answer = لم تعد تلك الإجابة هنا. افتح المحادثة من جديد.
error-not-last = لم يعد هذا آخر سؤال في المحادثة. افتحها من جديد ثم اسأل مرة أخرى.
error-records = لا يستطيع المعلّم قراءة ما يحفظه أو كتابته. لم يتغير شيء. أخبر من يعتني به ثم حاول من جديد.
error-technical = هناك خلل في المعلّم نفسه. هذا ما يقوله: { $message }

## What the page’s script says

script-lost = تعذر الوصول إلى المعلّم. حاول مرة أخرى بعد لحظة.
script-not-found = لا نتائج
script-match = { $at } من { $count }
script-no-copying = متصفحك لا يسمح للصفحة بالنسخ. حدّد النص وانسخه بنفسك.
script-saving = جارٍ حفظ المحادثة.
script-copied = تم النسخ مع المصادر.
script-copied-markdown = تم النسخ بصيغة Markdown مع المصادر.
script-link-copied = تم نسخ الرابط.
script-feedback-kept = شكرًا لك. حُفظ رأيك مع الإجابة.
script-feedback-back = تم سحب رأيك.
