# The page’s words in Spanish; en.ftl says where each one stands.

## The page around the conversation

course = Curso
new-conversation = Conversación nueva
menu = Menú
close-menu = Cerrar el menú
your-question = Tu pregunta
ask-placeholder = Pregunta sobre este curso…
ask = Preguntar
stop = Parar
language = Idioma
search-conversations = Busca en tus conversaciones

## What the tutor is doing, and what became of it

warming-up = El tutor se está preparando… responderá a tu pregunta en un momento.
first-course = El tutor se está preparando y lee su primer curso… podrás preguntar en un momento.
not-started = El tutor no ha podido prepararse, así que todavía no puede responder. Esto es lo que pasa y lo que ayuda:
start-again = Después vuelve a iniciar el tutor y recarga esta página.
in-line = Tu pregunta está en la cola: la respuesta llega en cuanto el tutor esté listo.
looking = Buscando en el curso…
renamed = La conversación tiene su nuevo nombre.
deleted = La conversación está borrada.
replaced = La respuesta nueva ha ocupado el lugar de la última.
gone = Esa conversación ya no está aquí. Esta es una nueva.
no-such-course = El enlace nombra un curso que no está aquí. Este es otro.
no-such-section = El enlace nombra una sección que no está aquí. Este es el curso entero.
nothing-to-ask = Todavía no hay ningún curso sobre el que preguntar.
empty-question = Escribe primero una pregunta o elige una de las sugerencias.
stopped = Parado. Tu pregunta no se ha respondido y no se ha guardado nada de la respuesta.
failed = Algo ha salido mal y tu pregunta no se ha respondido. Sigue abajo: inténtalo otra vez.
found = { $count ->
    [0] No se ha encontrado ninguna conversación.
    [one] { $count } conversación encontrada.
   *[other] { $count } conversaciones encontradas.
}

## Who is there

signed-out-title = No has iniciado sesión
signed-out-how = Abre el tutor desde tu curso: sigue allí el enlace que lleva a él y la sesión se inicia sola.
signed-out-or = O inicia sesión aquí:
sign-in = Iniciar sesión
sign-out = Cerrar sesión
sent-outside = Para escribir la respuesta, tu pregunta y lo que el curso dice de ella se envían a { $model }.

## Where there is no course yet

no-course-title = Todavía no hay ningún curso
no-course = El tutor responde con los textos de un curso y aún no tiene ninguno. Añade uno aquí o desde un terminal:

## The home of a course

home-intro = Pregunta lo que quieras sobre este curso. Cada respuesta sale de los textos del propio curso, y sus números abren el lugar exacto del que viene.
begin-with = Podrías empezar por
outline = Qué hay en este curso
first-texts = Se muestran los primeros { $shown } de { $all } textos.
sections = { $count ->
    [one] { $count } sección
   *[other] { $count } secciones
}
read = Leer
read-it = Leer { $title }
ask-about = Preguntar por { $title }
key-dates = Fechas clave
key-terms = Términos clave

## A conversation

your-conversation = Tu conversación
you-asked = Has preguntado:
understood-as = Entendido como:
not-meant = ¿No querías decir eso? Cámbialo
source = Fuente { $marker }: { $place }
source-supported = Fuente { $marker }: { $place }, { $how }
sources-of = { $count ->
    [one] Fuente { $markers }: { $place }
   *[other] Fuentes { $markers }: { $place }
}
place-on-page = { $heading }, página { $page }
changed-since = ha cambiado desde entonces
sources = Fuentes
nearest = Lo más cercano en el curso
ask-next = Sigue preguntando
said-answer = Respuesta: { $answer }
said-refusal = El curso no lo responde: { $answer }
said-sources = { $count ->
    [one] { $count } fuente.
   *[other] { $count } fuentes.
}

## How an answer is supported

how-quoted = citado
how-verified = dicho con otras palabras y comprobado
how-unsupported = no está en el curso
support-partly-not = No todo esto está en el curso
support-quoted = Con las palabras del propio curso
support-verified = Dicho con otras palabras y comprobado con el curso
support-mixed = En parte con las palabras del curso, en parte con otras y comprobado con ellas
meaning = ¿Qué significan?
meaning-quoted = Citado
meaning-quoted-is = el curso lo dice con estas mismas palabras.
meaning-verified = Con otras palabras
meaning-verified-is = el curso lo dice con otras palabras, y cada frase se ha comprobado con el lugar que abre su número.
meaning-unsupported = No está
meaning-unsupported-is = el curso no lo dice y nadie lo ha comprobado.
meaning-number-is = cada número abre su propio lugar. Allí las palabras llevan el mismo número, color y línea.

## What can be done with an answer

do-with-answer = Qué hacer con esta respuesta
copy = Copiar
copy-markdown = Copiar como Markdown
answer-again = Responder otra vez
edit-question = Cambiar la pregunta
helpful = Me ayuda
not-helpful = No me ayuda
copy-link = Copiar el enlace

## The list of conversations

earlier-conversations = Conversaciones anteriores
more-for = Más para: { $title }
do-with = Qué hacer con: { $title }
rename = Cambiar el nombre
save-markdown = Guardar como Markdown
save-json = Guardar como JSON
print = Imprimir o guardar como PDF
delete = Borrar

## Dialogs

cancel = Cancelar
rename-title = Cambiar el nombre de esta conversación
name = Nombre
save = Guardar
delete-title = ¿Borrar esta conversación?
delete-warning = Sus preguntas y respuestas desaparecerán para siempre.
feedback-title = ¿Qué tiene de malo esta respuesta?
choose-one = Elige una, si quieres
own-words = Con tus palabras, si quieres
feedback-kept = Se guarda junto a la respuesta, para quienes cuidan de este tutor.
take-back = Retirar mi opinión
send = Enviar
reason-wrong = Está mal
reason-not-asked = No es lo que he preguntado
reason-hard = Cuesta entenderla
reason-incomplete = Falta algo
reason-other = Otra cosa
editing = Lo que envíes ahora ocupa el lugar de tu última pregunta y su respuesta.
keep-them = Conservarlas

## The source beside the conversation

the-source = La fuente
panel-of = Fuente: { $title }
close-source = Cerrar la fuente
text-of = Texto de { $title }
where-this-is = Dónde está esto
newer-version = El curso ha cambiado desde entonces. Este es el texto tal como era cuando se citó.
read-before = Leer lo que va antes
read-on = Seguir leyendo
cut = este texto es largo y solo se muestra una parte
search = Buscar
search-text = Buscar en este texto
previous-match = Resultado anterior
next-match = Resultado siguiente
contents = Índice
contents-of = Índice de { $title }
citation-number = Cita
citations-of-answer = Citas de esta respuesta
previous-citation = Cita anterior
next-citation = Cita siguiente
place-among = { $at } de { $count }

## What can go wrong for a student

error-question-long = La pregunta tiene más de { $limit } caracteres. Hazla con menos palabras.
error-question-empty = La pregunta está vacía. Escribe lo que quieres saber.
error-no-source = El curso no tiene el texto «{ $name }», o ya no está como estaba. La página del curso muestra los que tiene ahora.
error-no-course = Este curso ya no está aquí. Elige otro.
error-course-changed = El curso acaba de cambiar. Pregunta otra vez.
error-comment-long = El comentario tiene más de { $limit } caracteres. Dilo con menos palabras.
error-name-empty = El nombre está vacío. Escribe de qué trata esta conversación.
error-name-long = El nombre tiene más de { $limit } caracteres. Elige uno más corto.
error-no-conversation = Esa conversación ya no está aquí. Empieza una nueva.
error-no-answer = Esa respuesta ya no está aquí. Vuelve a abrir la conversación.
error-not-last = Esta ya no es la última pregunta de la conversación. Ábrela otra vez y vuelve a preguntar.
error-too-many = Has preguntado muchas veces en un minuto. Espera { $seconds } segundos e inténtalo de nuevo.
error-many-questions = En este momento pregunta mucha gente. Espera un poco y vuelve a preguntar.
error-records = El tutor no puede leer o escribir lo que guarda. No se ha cambiado nada. Avisa a quien lo cuida e inténtalo de nuevo.
error-not-signed-in = No has iniciado sesión, o ya ha terminado. Vuelve a abrir el tutor desde tu curso.
error-not-your-page = Esta página la abrió otra persona. Vuelve a cargarla.
error-sign-in-refused = No se ha podido iniciar sesión. Inténtalo otra vez.
error-sign-in-away = El servicio de inicio de sesión no se puede usar ahora. Inténtalo dentro de unos minutos o díselo a quien se ocupa del tutor.
error-technical = Algo falla en el propio tutor. Esto es lo que dice: { $message }

## Adding material

material = Material del curso
material-intro = El tutor responde con los textos de un curso y con nada más. Aquí puedes añadir textos, sustituirlos o quitarlos.
material-new-course = Un curso nuevo
material-new-name = ¿Cómo se llama el curso nuevo?
material-held = Textos de este curso
material-choose = Elige archivos o suéltalos aquí
material-kinds = Texto sin formato o Markdown ({ $suffixes }), de hasta { $size } MB cada uno. Un archivo ocupa el lugar del texto que se llama igual.
material-files = Archivos para añadir
material-add = Añadir al curso
material-close = Cerrar el material del curso
material-delete-course = Borrar este curso
material-take-out-title = ¿Quitar este texto del curso?
material-take-out-warning = El tutor responderá entonces solo con los demás textos. Las respuestas que lo citaron conservan sus citas.
material-take-out = Quitarlo
material-delete-title = ¿Borrar este curso?
material-delete-warning = Sus textos y todas las conversaciones sobre él desaparecerán para siempre.

## What can go wrong with material

error-file-name = El tutor no puede guardar un archivo con este nombre. Cámbialo, sin barras, dos puntos ni otros signos especiales.
error-file-name-long = El nombre de este archivo es demasiado largo. Ponle uno más corto.
error-file-kind = El tutor no puede leer archivos de este tipo. Usa uno de estos: { $kinds }.
error-file-same = Todavía espera un archivo que se llama casi igual. Añade este más tarde.
error-files-many = Ya hay muchos archivos esperando. Espera a que se añadan algunos e inténtalo de nuevo.
error-file-large = Este archivo es demasiado grande. Divídelo en archivos más pequeños.
error-file-empty = Este archivo está vacío. Elige uno que tenga texto.
error-file-unknown = El tutor no ha podido añadir este archivo por una razón que no conoce. Avisa a quien lo cuida.
error-file-kept = El tutor no puede escribir ahora lo que guarda. El archivo se conserva y se intenta de nuevo más tarde.
error-file-stopped = El tutor se está parando. Seguirá con este archivo cuando vuelva a empezar.
error-file-no-sentence = En este archivo no hay ninguna frase con la que responder. Añádele algo de texto.
error-file-not-utf8 = Este archivo no está escrito en UTF-8. Guárdalo como texto UTF-8 y añádelo otra vez.
error-file-binary = Esto no es un archivo de texto. Guárdalo como texto UTF-8 y añádelo otra vez.
error-course-name-empty = El curso no tiene nombre. Escribe uno.
error-course-name-long = El nombre del curso tiene más de { $limit } caracteres. Elige uno más corto.
error-only-text = Este es el único texto del curso. Borra el curso o añade antes otro texto.
error-not-your-course = No puedes cambiar este curso. Crea uno propio o pregunta a quien se ocupa de él.
error-course-exists = Ya hay un curso con ese nombre. Elige otro nombre.

## What the page’s script says

script-material-characters = { $count } caracteres
script-material-take-out = Quitar
script-material-take-out-it = Quitar { $title }
script-material-taking-out = Se está quitando…
script-material-taken-out = { $title } ya no está en el curso.
script-material-deleted = El curso está borrado.
script-material-leave-out = No añadir
script-material-leave-out-it = No añadir { $name }
script-material-open-course = Preguntar sobre él
script-material-open-course-it = Preguntar sobre { $name }
script-material-none = Elige primero un archivo.
script-material-no-name = Escribe cómo se llama el curso nuevo.
script-material-same-name = Ya hay un curso con ese nombre. Elígelo en la lista de arriba o escribe otro nombre.
script-material-folder = Esto es una carpeta. Ábrela y elige los archivos que hay dentro.
script-material-large = Este archivo tiene más de { $size } MB. Divídelo en archivos más pequeños.
script-material-not-sent = La conexión se perdió mientras se enviaba este archivo y no se guardó nada de él. Añádelo otra vez.
script-material-chosen = Sin añadir todavía
script-material-line = En la cola
script-material-sending = Se está enviando
script-material-waiting = Espera
script-material-reading = Se está leyendo
script-material-embedding = Se prepara para las preguntas
script-material-failed = No añadido
script-material-added = Añadido
script-material-changed = Añadido en lugar del anterior
script-material-unchanged = Sin cambios: el curso ya tiene este texto
script-material-gone = Ya no está en marcha
script-material-said-added = { $name } está añadido.
script-material-said-changed = { $name } ha ocupado el lugar del anterior.
script-material-said-unchanged = { $name } no tiene cambios.
script-material-said-failed = { $name } no se ha podido añadir.
script-material-said-gone = { $name } ya no está en marcha.
script-lost = No se puede llegar al tutor. Inténtalo de nuevo en un momento.
script-not-found = No encontrado
script-match = { $at } de { $count }
script-not-in-part = No está en la parte que se muestra
script-match-in-part = { $at } de { $count } en la parte que se muestra
script-no-copying = Tu navegador no deja copiar a la página. Selecciona el texto y cópialo tú.
script-saving = Se está guardando la conversación.
script-copied = Copiado, con sus fuentes.
script-copied-markdown = Copiado como Markdown, con sus fuentes.
script-link-copied = El enlace está copiado.
script-feedback-kept = Gracias. Tu opinión se guarda con la respuesta.
script-feedback-back = Tu opinión se ha retirado.

## When the tutor cannot be reached, or has too much to do

unanswered = Tu última pregunta no se respondió. Está en el cuadro de abajo: envíala otra vez.
unanswered-kept = Tu última pregunta no se respondió: { $question } Lo demás que escribiste sigue en el cuadro.
script-away = Ahora mismo no se puede llegar al tutor. Lo que has escrito se conserva y la página sigue sola en cuanto el tutor vuelva.
script-away-sent = Ahora mismo no se puede llegar al tutor. Tu pregunta se conserva y se envía sola en cuanto el tutor vuelva.
script-offline = No tienes conexión. Lo que has escrito se conserva y la página sigue sola en cuanto vuelvas a tenerla.
script-offline-sent = No tienes conexión. Tu pregunta se conserva y se envía sola en cuanto vuelvas a tenerla.
script-busy = El tutor tiene ahora muchísimas preguntas que responder. La tuya se conserva y se envía sola otra vez en un momento.
script-busy-page = El tutor tiene ahora muchísimas preguntas que responder. La página sigue sola en un momento.
script-too-busy = El tutor tiene ahora demasiado que hacer. Inténtalo de nuevo en un minuto.
script-signed-out = Tu sesión ya ha terminado aquí. Lo que has escrito se conserva: vuelve a abrir el tutor desde tu curso o vuelve a cargar esta página para iniciar sesión.

## En el camino de la plataforma al tutor

error-lti-cookies = Este acceso empezó en otro navegador, o este no guarda las cookies del tutor. Abre el tutor otra vez desde tu curso.
error-lti-teachers = Solo los profesores eligen lo que abre un enlace. Pídeselo a uno de ellos.
lti-opening = Se está abriendo el tutor…
lti-go-on = Continuar
lti-window-title = Abre el tutor en una ventana propia
lti-window-why = Tu navegador no permite que el tutor mantenga tu sesión iniciada dentro de esta página.
lti-window-open = Abrir el tutor
lti-choose-title = Elige lo que abre este enlace
lti-choose-intro = Quienes sigan el enlace llegarán al curso o a la sección que elijas aquí.
lti-choose-whole = El curso entero
lti-rule-title = ¿Cuándo está hecho?
lti-rule-why = Quien haya hecho lo que indiques aquí recibe la nota completa en el libro de calificaciones de tu curso, y una parte por el camino. Con 0 en ambos no hay nota.
lti-rule-questions = preguntas hechas
lti-rule-sources = textos abiertos
lti-choose-add = Añadir el enlace
lti-choose-none = Todavía no hay ningún curso que un enlace pueda abrir. Abre el tutor en tu curso y añade uno primero.
lti-returning = Tu elección se está llevando de vuelta a tu curso…
lti-registered = El tutor está registrado
lti-registered-next = Puedes cerrar esta ventana. Activa la herramienta en tu plataforma si te lo pide.
