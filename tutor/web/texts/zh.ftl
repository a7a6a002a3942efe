# The page’s words in Chinese; en.ftl says where each one stands.

## The page around the conversation

course = 课程
new-conversation = 新对话
menu = 菜单
close-menu = 关闭菜单
your-question = 你的问题
ask-placeholder = 就这门课程提问……
ask = 提问
stop = 停止
language = 语言
search-conversations = 搜索你的对话

## What the tutor is doing, and what became of it

warming-up = 导师正在启动……你的问题马上就会得到回答。
first-course = 导师正在启动，并在阅读第一门课程……稍后就可以提问。
not-started = 导师没能准备好，所以还不能回答。问题和解决办法如下：
start-again = 然后重新启动导师，再重新加载本页。
in-line = 你的问题正在排队：导师一准备好就会回答。
looking = 正在课程中查找……
renamed = 对话已改名。
deleted = 对话已删除。
replaced = 新的回答已取代上一个回答。
gone = 那个对话已经不在了。这是一个新对话。
no-such-course = 链接里的课程不在这里。这是另一门课程。
no-such-section = 链接里的章节不在这里。这是整门课程。
nothing-to-ask = 还没有可以提问的课程。
empty-question = 请先输入问题，或者选择一个建议的问题。
stopped = 已停止。你的问题没有得到回答，回答的内容也没有保留。
failed = 这里出了点问题，你的问题没有得到回答。问题还在下面：请再试一次。
found = { $count ->
    [0] 没有找到对话。
   *[other] 找到 { $count } 个对话。
}

## Who is there

signed-out-title = 你还没有登录
signed-out-how = 请从你的课程打开导师：在课程里点击它的链接，就会自动登录。
signed-out-or = 也可以在这里登录：
sign-in = 登录
sign-out = 退出登录
sent-outside = 为了写出回答，你的问题和课程中与它有关的内容会发送给 { $model }。

## Where there is no course yet

no-course-title = 还没有课程
no-course = 导师根据课程的文本回答问题，但现在还没有课程。请在这里或在终端里添加一门：

## The home of a course

home-intro = 关于这门课程，什么都可以问。每个回答都取自课程自己的文本，回答里的数字会打开它所依据的原文。
begin-with = 可以从这些问题开始
outline = 这门课程的内容
first-texts = 这里显示 { $all } 篇文本中的前 { $shown } 篇。
sections = { $count } 节
read = 阅读
read-it = 阅读{ $title }
ask-about = 提问：{ $title }
key-dates = 重要日期
key-terms = 关键术语

## A conversation

your-conversation = 你的对话
you-asked = 你问的是：
understood-as = 理解为：
not-meant = 不是这个意思？修改
source = 来源 { $marker }：{ $place }
source-supported = 来源 { $marker }：{ $place }，{ $how }
sources-of = 来源 { $markers }：{ $place }
place-on-page = { $heading }，第 { $page } 页
changed-since = 此后有改动
sources = 来源
nearest = 课程中最接近的内容
ask-next = 接着问
said-answer = 回答：{ $answer }
said-refusal = 课程中没有答案：{ $answer }
said-sources = { $count } 个来源。

## How an answer is supported

how-quoted = 原文引用
how-verified = 改写并核对过
how-unsupported = 课程中没有
support-partly-not = 其中一部分不在课程里
support-quoted = 课程的原话
support-verified = 用别的话表达，并与课程核对过
support-mixed = 一部分是课程的原话，一部分是改写并与原文核对过的
meaning = 这些是什么意思？
meaning-quoted = 引用
meaning-quoted-is = 课程里就是这样写的，一字不差。
meaning-verified = 改写
meaning-verified-is = 课程用别的话说了这个意思，每一句都与数字所打开的原文核对过。
meaning-unsupported = 没找到
meaning-unsupported-is = 课程里没有这样说，也没有人核对过。
meaning-number-is = 每个数字打开各自的原文。那里的文字带有相同的数字、颜色和线条。

## What can be done with an answer

do-with-answer = 对这个回答可以做什么
copy = 复制
copy-markdown = 复制为 Markdown
answer-again = 重新回答
edit-question = 修改问题
helpful = 有帮助
not-helpful = 没有帮助
copy-link = 复制链接

## The list of conversations

earlier-conversations = 以前的对话
more-for = 更多：{ $title }
do-with = 对这个对话可以做什么：{ $title }
rename = 改名
save-markdown = 保存为 Markdown
save-json = 保存为 JSON
print = 打印或保存为 PDF
delete = 删除

## Dialogs

cancel = 取消
rename-title = 给这个对话改名
name = 名称
save = 保存
delete-title = 删除这个对话？
delete-warning = 其中的问题和回答将永远消失。
feedback-title = 这个回答哪里不好？
choose-one = 愿意的话，请选一项
own-words = 愿意的话，用你自己的话说说
feedback-kept = 你的意见会和回答一起保存，给管理这个导师的人看。
take-back = 收回我的意见
send = 发送
reason-wrong = 回答错了
reason-not-asked = 不是我问的
reason-hard = 很难懂
reason-incomplete = 少了些东西
reason-other = 其他
editing = 你现在发送的内容会取代你的上一个问题和它的回答。
keep-them = 保留它们

## The source beside the conversation

the-source = 来源
panel-of = 来源：{ $title }
close-source = 关闭来源
text-of = { $title }的文本
where-this-is = 所在位置
newer-version = 课程此后有改动。这是引用时的文本。
read-before = 阅读前面的内容
read-on = 继续阅读
cut = 这篇文本很长，这里只显示一部分
search = 搜索
search-text = 在这篇文本中搜索
previous-match = 上一个匹配
next-match = 下一个匹配
contents = 目录
contents-of = { $title }的目录
citation-number = 引用
citations-of-answer = 这个回答的引用
previous-citation = 上一个引用
next-citation = 下一个引用
place-among = 第 { $at } 个，共 { $count } 个

## What can go wrong for a student

error-question-long = 问题超过 { $limit } 个字符。请用更少的字提问。
error-question-empty = 问题是空的。请输入你想知道的内容。
error-no-source = 课程里没有文本“{ $name }”，或者已不是当时的样子。课程首页显示现有的文本。
error-no-course = 这门课程已经不在了。请选择另一门。
error-course-changed = 课程刚刚有改动。请再问一次。
error-comment-long = 意见超过 { $limit } 个字符。请写短一些。
error-name-empty = 名称是空的。请写上这个对话是关于什么的。
error-name-long = 名称超过 { $limit } 个字符。请选一个短一些的。
error-no-conversation = 那个对话已经不在了。请开始一个新对话。
error-no-answer = 那个回答已经不在了。请重新打开对话。
error-not-last = 这已不是对话的最后一个问题。请重新打开对话，再问一次。
error-too-many = 你在一分钟内问得太频繁了。请等 { $seconds } 秒，然后再试。
error-many-questions = 现在有很多人在提问。请稍等一下，然后再问。
error-records = 导师无法读写它保存的内容。什么都没有改变。请告诉管理它的人，然后再试。
error-not-signed-in = 你还没有登录，或者登录已经结束。请从你的课程重新打开导师。
error-not-your-page = 这个页面是别人打开的。请重新加载。
error-sign-in-refused = 登录没有成功。请再试一次。
error-sign-in-away = 登录服务暂时无法使用。请过几分钟再试，或告诉管理导师的人。
error-technical = 导师本身出了问题。它给出的说明是：{ $message }

## Adding material

material = 课程资料
material-intro = 导师只根据课程的文本回答，不用别的。你可以在这里添加、替换或取出文本。
material-new-course = 新课程
material-new-name = 新课程叫什么？
material-held = 这门课程的文本
material-choose = 选择文件，或把文件拖到这里
material-kinds = 纯文本或 Markdown（{ $suffixes }），每个不超过 { $size } MB。同名的文件会取代原来的文本。
material-files = 要添加的文件
material-add = 添加到课程
material-close = 关闭课程资料
material-delete-course = 删除这门课程
material-take-out-title = 把这篇文本从课程中取出？
material-take-out-warning = 之后导师只根据其余文本回答。引用过它的回答会保留引文。
material-take-out = 取出
material-delete-title = 删除这门课程？
material-delete-warning = 它的文本以及所有关于它的对话将永远消失。

## What can go wrong with material

error-file-name = 导师不能用这个名称保存文件。请改名，不要用斜杠、冒号等特殊符号。
error-file-name-long = 文件名太长。请换一个短一些的。
error-file-kind = 导师读不了这种文件。请使用其中一种：{ $kinds }。
error-file-same = 一个名称几乎相同的文件还在等待。请稍后再添加这个。
error-files-many = 已有很多文件在等待。请等其中一些添加完，再试一次。
error-file-large = 文件太大。请把它分成几个小文件。
error-file-empty = 文件是空的。请选择一个有文字的文件。
error-file-unknown = 由于未知的原因，导师无法添加这个文件。请告诉管理它的人。
error-file-kept = 导师此刻无法写入它要保存的内容。文件已保留，稍后会再试。
error-file-stopped = 导师正在停止。重新启动后会继续处理这个文件。
error-file-no-sentence = 这个文件里没有可以用来回答的句子。请添加一些文字。
error-file-not-utf8 = 这个文件不是 UTF-8 编码。请另存为 UTF-8 文本，再添加一次。
error-file-binary = 这不是文本文件。请另存为 UTF-8 文本，再添加一次。
error-course-name-empty = 课程没有名称。请输入一个。
error-course-name-long = 课程名称超过 { $limit } 个字符。请选一个短一些的。
error-only-text = 这是课程唯一的文本。请删除整门课程，或先添加另一篇文本。
error-not-your-course = 这门课程不能由你修改。请自己新建一门，或联系负责它的人。
error-course-exists = 已经有同名的课程了。请换一个名称。

## What the page’s script says

script-material-characters = { $count } 个字符
script-material-take-out = 取出
script-material-take-out-it = 取出{ $title }
script-material-taking-out = 正在取出……
script-material-taken-out = { $title } 已从课程中取出。
script-material-deleted = 课程已删除。
script-material-leave-out = 不添加
script-material-leave-out-it = 不添加 { $name }
script-material-open-course = 就它提问
script-material-open-course-it = 就 { $name } 提问
script-material-none = 请先选择文件。
script-material-no-name = 请输入新课程的名称。
script-material-same-name = 已有同名的课程。请在上面的列表中选择它，或输入另一个名称。
script-material-folder = 这是一个文件夹。请打开它，选择里面的文件。
script-material-large = 文件超过 { $size } MB。请把它分成几个小文件。
script-material-not-sent = 文件发送途中连接断开，没有保留任何内容。请再添加一次。
script-material-chosen = 尚未添加
script-material-line = 排队中
script-material-sending = 正在发送
script-material-waiting = 等待中
script-material-reading = 正在阅读
script-material-embedding = 正在为提问做准备
script-material-failed = 未添加
script-material-added = 已添加
script-material-changed = 已取代原来的文本
script-material-unchanged = 没有变化：课程已有这篇文本
script-material-gone = 已不在处理
script-material-said-added = { $name } 已添加。
script-material-said-changed = { $name } 已取代原来的文本。
script-material-said-unchanged = { $name } 没有变化。
script-material-said-failed = 无法添加 { $name }。
script-material-said-gone = { $name } 已不在处理。
script-lost = 无法连接到导师。请稍后再试。
script-not-found = 没有找到
script-match = 第 { $at } 个，共 { $count } 个
script-not-in-part = 在显示的部分中没有找到
script-match-in-part = 显示的部分中第 { $at } 个，共 { $count } 个
script-no-copying = 你的浏览器不让本页复制。请选中文字后自己复制。
script-saving = 正在保存对话。
script-copied = 已复制，包括来源。
script-copied-markdown = 已复制为 Markdown，包括来源。
script-link-copied = 链接已复制。
script-feedback-kept = 谢谢。你的意见已和回答一起保存。
script-feedback-back = 你的意见已收回。

## When the tutor cannot be reached, or has too much to do

unanswered = 你的上一个问题没有得到回答。它在下面的输入框里：请再发送一次。
unanswered-kept = 你的上一个问题没有得到回答：{ $question } 你写的其他内容还在输入框里。
script-away = 暂时无法连接到导师。你输入的内容已保留，导师一恢复，本页会自动继续。
script-away-sent = 暂时无法连接到导师。你的问题已保留，导师一恢复就会自动发送。
script-offline = 你已离线。你输入的内容已保留，恢复在线后本页会自动继续。
script-offline-sent = 你已离线。你的问题已保留，恢复在线后会自动发送。
script-busy = 导师此刻有很多问题要回答。你的问题已保留，稍后会自动再次发送。
script-busy-page = 导师此刻有很多问题要回答。本页稍后会自动继续。
script-too-busy = 导师此刻太忙了。请一分钟后再试。
script-signed-out = 你在这里的登录已经结束。你输入的内容已保留：请从你的课程重新打开导师，或重新加载本页来登录。

## 从学习平台进入导师

error-lti-cookies = 这次进入是在另一个浏览器里开始的，或者这个浏览器没有保存导师的登录信息。请从课程页面重新打开。
error-lti-teachers = 只有教师可以选择链接打开的内容。请联系教师。
lti-opening = 正在打开导师……
lti-go-on = 继续
lti-window-title = 在单独的窗口中打开导师
lti-window-why = 您的浏览器不允许导师在这个页面里保持登录状态。
lti-window-open = 打开导师
lti-choose-title = 选择这个链接打开的内容
lti-choose-intro = 学生点开链接后，会进入您在这里选择的课程或章节。
lti-choose-whole = 整门课程
lti-rule-title = 怎样算完成？
lti-rule-why = 做到这里所写数量的学生，会在课程成绩册中得到满分，途中得到相应的部分分数。两项都是 0 时不计分。
lti-rule-questions = 个提出的问题
lti-rule-sources = 篇打开的文本
lti-choose-add = 添加链接
lti-choose-none = 还没有可供链接打开的课程。请先在您的课程里打开导师并添加一门。
lti-returning = 正在把您的选择带回课程……
lti-registered = 导师已注册
lti-registered-next = 可以关闭此窗口。如果学习平台有提示，请在其中启用该工具。
