"""How German, French, Spanish, Italian and Portuguese relate, deny, date and point; folded as words are compared."""

from __future__ import annotations

import re
from typing import Final

RELATIONS: Final = {
    **dict.fromkeys(("ist", "sind", "heißt", "heisst", "lautet"), "is"),
    **dict.fromkeys(("s'appelle", "etait", "llama", "chiama", "chama"), "is"),
    **dict.fromkeys(("wohnt", "lebt", "zog", "habite", "vit", "vive", "reside", "abita", "mora"), "lives"),
    **dict.fromkeys(("arbeitet", "travaille", "trabaja", "lavora", "trabalha"), "works"),
    **dict.fromkeys(("bevorzugt", "mag", "prefere", "aime", "prefiere", "preferisce", "gosta"), "prefers"),
    **dict.fromkeys(("nutzt", "benutzt", "verwendet", "utilise", "utilisons", "utiliza", "utilizza"), "uses"),
    **dict.fromkeys(("lauft", "tourne", "funciona", "funziona", "escucha", "ascolta", "ecoute", "lauscht"), "runs"),
    **dict.fromkeys(("beginnt", "endet", "kostet", "commence", "coute", "empieza", "cuesta", "inizia"), "happens"),
    **dict.fromkeys(("comeca", "custa"), "happens"),
    **dict.fromkeys(("steht", "liegt", "trouve", "esta", "sta", "fica", "encuentra", "trova"), "stands"),
}
"""Words that relate a subject to something, in these languages only."""
_SHARED: Final = {"est": "is", "sont": "is", "es": "is", "son": "is", "era": "is", "usa": "uses", "costa": "happens"}
"""The same, but words or names of English too: they count beside one of `_POINTING` alone."""
_POINTING: Final = frozenset(
    """
    der das dem den ein eine einen mein meine le les une mon ma el los las mi una il gli della o os um uma meu minha
    l'editeur notre nuestra nuestro nosso nostra del do da au
    """.split()  # noqa: SIM905 - a list of words reads best as text
)
ARTICLES: Final = _POINTING | {"die", "la", "lo", "un", "l'"}
"""Words that say nothing of the subject they stand before."""
NOT: Final = frozenset("nicht kein keine keinen nie pas jamais nunca nao non nessun".split())  # noqa: SIM905 - see above
LATER: Final = frozenset("jetzt nun stattdessen maintenant desormais ahora adesso ora agora".split())  # noqa: SIM905 - see above
VALUES: Final = frozenset(
    """
    montag dienstag mittwoch donnerstag freitag samstag sonntag lundi mardi mercredi jeudi vendredi samedi dimanche
    lunes martes miercoles jueves viernes sabado domingo lunedi martedi mercoledi giovedi venerdi domenica segunda terca
    quarta quinta sexta januar februar marz mai juni juli oktober dezember janvier fevrier mars avril juin juillet aout
    enero febrero abril mayo junio julio gennaio febbraio aprile maggio giugno luglio janeiro fevereiro maio
    """.split()  # noqa: SIM905 - see above
)
_IS: Final = re.compile(r"(?<!\w)[èé](?!\w)", re.IGNORECASE)


def with_plain_is(text: str) -> str:
    """Return `text` with "is" for the Italian and the Portuguese word, which without its accent would mean "and"."""
    return _IS.sub("is", text)


def relations_in(words: list[str]) -> dict[str, str]:
    """Return the relating words of these languages that `words` may hold."""
    return RELATIONS | _SHARED if _POINTING & set(words) else RELATIONS
