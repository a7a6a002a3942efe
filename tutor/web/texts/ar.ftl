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
no-such-section = يشير الرابط إلى قسم غير موجود هنا. هذا هو المقرر كله.
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

## Who is there

signed-out-title = لم تسجّل الدخول
signed-out-how = افتح المعلّم من مقررك: اتبع الرابط إليه هناك، ويتم تسجيل دخولك من تلقاء نفسه.
signed-out-or = أو سجّل الدخول هنا:
sign-in = تسجيل الدخول
sign-out = تسجيل الخروج
sent-outside = لكتابة الإجابة، يُرسل سؤالك وما يقوله المقرر عنه إلى { $model }.

## Where there is no course yet

no-course-title = لا يوجد مقرر بعد
no-course = يجيب المعلّم من نصوص مقرر، وليس لديه أي مقرر حتى الآن. أضف واحدًا هنا أو من الطرفية:

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
newer-version = تغيّر المقرر منذ ذلك الحين. هذا هو النص كما كان حين اقتُبس منه.
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
error-no-source = ليس في المقرر النص «{ $name }»، أو لم يعد كما كان. تعرض صفحة المقرر ما فيه الآن.
error-no-course = لم يعد هذا المقرر هنا. اختر مقررًا آخر.
error-course-changed = تغيّر المقرر للتو. اسأل مرة أخرى.
error-comment-long = التعليق أطول من { $limit } حرفًا. قله بكلمات أقل.
error-name-empty = الاسم فارغ. اكتب موضوع هذه المحادثة.
error-name-long = الاسم أطول من { $limit } حرفًا. اختر اسمًا أقصر.
error-no-conversation = لم تعد تلك المحادثة هنا. ابدأ محادثة جديدة.
error-no-answer = لم تعد تلك الإجابة هنا. افتح المحادثة من جديد.
error-not-last = لم يعد هذا آخر سؤال في المحادثة. افتحها من جديد ثم اسأل مرة أخرى.
error-too-many = لقد سألت مرات كثيرة خلال دقيقة. انتظر { $seconds } ثانية ثم حاول مرة أخرى.
error-many-questions = يسأل كثيرون في هذه اللحظة. انتظر قليلًا ثم اسأل مرة أخرى.
error-records = لا يستطيع المعلّم قراءة ما يحفظه أو كتابته. لم يتغير شيء. أخبر من يعتني به ثم حاول من جديد.
error-not-signed-in = لم تسجّل الدخول، أو انتهى تسجيل دخولك. افتح المعلّم من مقررك من جديد.
error-not-your-page = فتح شخص آخر هذه الصفحة. أعد تحميلها.
error-sign-in-refused = لم ينجح تسجيل الدخول. حاول مرة أخرى.
error-sign-in-away = تعذر استخدام خدمة تسجيل الدخول الآن. حاول بعد بضع دقائق، أو أخبر من يعتني بالمعلّم.
error-technical = هناك خلل في المعلّم نفسه. هذا ما يقوله: { $message }

## Adding material

material = مواد المقرر
material-intro = يجيب المعلّم من نصوص المقرر وحدها. هنا تضيف نصوصًا أو تستبدلها أو تخرجها.
material-new-course = مقرر جديد
material-new-name = ما اسم المقرر الجديد؟
material-held = نصوص هذا المقرر
material-choose = اختر ملفات أو أفلتها هنا
material-kinds = نص عادي أو Markdown ({ $suffixes })، كل ملف حتى { $size } ميغابايت. يحل الملف محل النص الذي يحمل الاسم نفسه.
material-files = الملفات المراد إضافتها
material-add = أضف إلى المقرر
material-close = إغلاق مواد المقرر
material-delete-course = حذف هذا المقرر
material-take-out-title = هل تريد إخراج هذا النص من المقرر؟
material-take-out-warning = سيجيب المعلّم بعد ذلك من النصوص الأخرى فقط. وتحتفظ الإجابات التي اقتبست منه باقتباساتها.
material-take-out = أخرجه
material-delete-title = هل تريد حذف هذا المقرر؟
material-delete-warning = ستختفي نصوصه وكل المحادثات عنه نهائيًا.

## What can go wrong with material

error-file-name = لا يستطيع المعلّم حفظ ملف بهذا الاسم. غيّر اسمه بلا شرطات مائلة ولا نقطتين ولا رموز خاصة أخرى.
error-file-name-long = اسم هذا الملف طويل جدًا. أعطه اسمًا أقصر.
error-file-kind = لا يستطيع المعلّم قراءة ملفات من هذا النوع. استخدم واحدًا من { $kinds }.
error-file-same = ما زال ملف يحمل اسمًا شبيهًا ينتظر. أضف هذا الملف لاحقًا.
error-files-many = ملفات كثيرة تنتظر الآن. انتظر حتى يضاف بعضها ثم حاول مرة أخرى.
error-file-large = هذا الملف كبير جدًا. قسّمه إلى ملفات أصغر.
error-file-empty = هذا الملف فارغ. اختر ملفًا فيه نص.
error-file-unknown = لم يستطع المعلّم إضافة هذا الملف لسبب لا يعرفه. أخبر من يعتني به.
error-file-kept = لا يستطيع المعلّم الآن كتابة ما يحفظه. الملف محفوظ، وتُعاد المحاولة لاحقًا.
error-file-stopped = المعلّم يتوقف الآن. سيتابع هذا الملف حين يبدأ من جديد.
error-file-no-sentence = ليس في هذا الملف جملة يمكن الإجابة منها. أضف إليه بعض النص.
error-file-not-utf8 = هذا الملف غير مكتوب بترميز UTF-8. احفظه نصًا بهذا الترميز وأضفه مرة أخرى.
error-file-binary = هذا ليس ملفًا نصيًا. احفظه نصًا بترميز UTF-8 وأضفه مرة أخرى.
error-course-name-empty = ليس للمقرر اسم. اكتب واحدًا.
error-course-name-long = اسم المقرر أطول من { $limit } حرفًا. اختر اسمًا أقصر.
error-only-text = هذا هو النص الوحيد في المقرر. احذف المقرر كله، أو أضف نصًا آخر أولًا.
error-not-your-course = لا يمكنك تغيير هذا المقرر. أنشئ مقررًا خاصًا بك، أو اسأل من يعتني به.
error-course-exists = يوجد مقرر بهذا الاسم بالفعل. اختر اسمًا آخر.

## What the page’s script says

script-material-characters = { $count } حرف
script-material-take-out = إخراج
script-material-take-out-it = إخراج { $title }
script-material-taking-out = جارٍ الإخراج…
script-material-taken-out = أُخرج { $title } من المقرر.
script-material-deleted = حُذف المقرر.
script-material-leave-out = لا تضفه
script-material-leave-out-it = لا تضف { $name }
script-material-open-course = اسأل عنه
script-material-open-course-it = اسأل عن { $name }
script-material-none = اختر ملفًا أولًا.
script-material-no-name = اكتب اسم المقرر الجديد.
script-material-same-name = يوجد مقرر بهذا الاسم. اختره من القائمة أعلاه أو اكتب اسمًا آخر.
script-material-folder = هذا مجلد. افتحه واختر الملفات التي فيه.
script-material-large = هذا الملف أكبر من { $size } ميغابايت. قسّمه إلى ملفات أصغر.
script-material-not-sent = انقطع الاتصال أثناء إرسال هذا الملف ولم يُحفظ شيء منه. أضفه مرة أخرى.
script-material-chosen = لم يُضف بعد
script-material-line = في الدور
script-material-sending = جارٍ الإرسال
script-material-waiting = ينتظر
script-material-reading = جارٍ القراءة
script-material-embedding = يُجهَّز للأسئلة
script-material-failed = لم يُضف
script-material-added = أُضيف
script-material-changed = أُضيف بدلًا من السابق
script-material-unchanged = بلا تغيير: هذا النص موجود في المقرر
script-material-gone = لم يعد قيد العمل
script-material-said-added = أُضيف { $name }.
script-material-said-changed = حلّ { $name } محل السابق.
script-material-said-unchanged = لم يتغير { $name }.
script-material-said-failed = تعذرت إضافة { $name }.
script-material-said-gone = لم يعد { $name } قيد العمل.
script-lost = تعذر الوصول إلى المعلّم. حاول مرة أخرى بعد لحظة.
script-not-found = لا نتائج
script-match = { $at } من { $count }
script-not-in-part = لا نتائج في الجزء الظاهر
script-match-in-part = { $at } من { $count } في الجزء الظاهر
script-no-copying = متصفحك لا يسمح للصفحة بالنسخ. حدّد النص وانسخه بنفسك.
script-saving = جارٍ حفظ المحادثة.
script-copied = تم النسخ مع المصادر.
script-copied-markdown = تم النسخ بصيغة Markdown مع المصادر.
script-link-copied = تم نسخ الرابط.
script-feedback-kept = شكرًا لك. حُفظ رأيك مع الإجابة.
script-feedback-back = تم سحب رأيك.

## When the tutor cannot be reached, or has too much to do

unanswered = لم تتم الإجابة عن سؤالك الأخير. إنه في المربع أدناه: أرسله مرة أخرى.
unanswered-kept = لم تتم الإجابة عن سؤالك الأخير: { $question } وما كتبته غيره ما زال في المربع.
script-away = تعذر الوصول إلى المعلّم الآن. ما كتبته محفوظ، وتتابع الصفحة من تلقاء نفسها حالما يعود المعلّم.
script-away-sent = تعذر الوصول إلى المعلّم الآن. سؤالك محفوظ، ويُرسل من تلقاء نفسه حالما يعود المعلّم.
script-offline = أنت غير متصل. ما كتبته محفوظ، وتتابع الصفحة من تلقاء نفسها حالما تتصل من جديد.
script-offline-sent = أنت غير متصل. سؤالك محفوظ، ويُرسل من تلقاء نفسه حالما تتصل من جديد.
script-busy = لدى المعلّم الآن أسئلة كثيرة جدًا. سؤالك محفوظ، ويُرسل من جديد من تلقاء نفسه بعد لحظات.
script-busy-page = لدى المعلّم الآن أسئلة كثيرة جدًا. تتابع الصفحة من تلقاء نفسها بعد لحظات.
script-too-busy = لدى المعلّم الآن عمل كثير جدًا. حاول مرة أخرى بعد دقيقة.
script-signed-out = انتهى تسجيل دخولك هنا. ما كتبته محفوظ: افتح المعلّم من مقررك من جديد، أو أعد تحميل هذه الصفحة لتسجيل الدخول.

## في الطريق من منصة التعلم إلى المعلّم

error-lti-cookies = بدأ هذا الدخول في متصفح آخر، أو أن هذا المتصفح لا يحفظ ملفات تعريف الارتباط الخاصة بالمعلّم. افتح المعلّم من مقررك مرة أخرى.
error-lti-teachers = المدرّسون وحدهم يختارون ما يفتحه الرابط. اطلب ذلك من أحدهم.
lti-opening = يجري فتح المعلّم…
lti-go-on = متابعة
lti-window-title = افتح المعلّم في نافذة مستقلة
lti-window-why = متصفحك لا يسمح للمعلّم بأن يُبقيك مسجّل الدخول داخل هذه الصفحة.
lti-window-open = افتح المعلّم
lti-choose-title = اختر ما يفتحه هذا الرابط
lti-choose-intro = من يتبع الرابط يصل إلى المقرر أو القسم الذي تختاره هنا.
lti-choose-whole = المقرر كله
lti-rule-title = متى يُعدّ الرابط مكتملًا؟
lti-rule-why = من يُنجز ما تحدده هنا ينال الدرجة الكاملة في سجل درجات مقررك، وجزءًا منها في الطريق. وإذا كان كلاهما 0 فلا درجة.
lti-rule-questions = أسئلة مطروحة
lti-rule-sources = نصوص مفتوحة
lti-choose-add = أضف الرابط
lti-choose-none = لا يوجد بعد مقرر يمكن أن يفتحه رابط. افتح المعلّم في مقررك وأضف واحدًا أولًا.
lti-returning = يجري إرجاع اختيارك إلى مقررك…
lti-registered = تم تسجيل المعلّم
lti-registered-next = يمكن إغلاق هذه النافذة. فعّل الأداة في منصة التعلّم إذا طلبت ذلك.
