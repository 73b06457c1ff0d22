"""What the public page of a parcel says, in languages that its buyers read: more of them than the house speaks to its own.

English and Chinese come out of the catalogue as everywhere; the others are this page's alone, and complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from werkzeug.datastructures import LanguageAccept


class Words(NamedTuple):
    """`states`: by the twelve of `state_labels["tracking"]`, in their order there."""

    name: str  # of the language, in itself
    title: str
    carrier: str
    number: str
    no_number: str
    preparing: str
    skip: str
    states: tuple[str, ...]


STATES = (
    "pending", "picked_up", "in_transit", "out_for_delivery", "ready_for_pickup", "delivered", "delivery_failed",
    "delivery_delayed", "on_hold", "return_to_sender", "cancelled", "unknown",
)  # fmt: skip
OF_THE_HOUSE = {"en": "English", "zh_CN": "简体中文"}
WORDS: Mapping[str, Words] = {
    "de": Words(
        "Deutsch", "Wo ist mein Paket?", "Zusteller", "Sendungsnummer", "Noch keine Nummer",
        "Das Lager bereitet es vor. Schauen Sie später wieder.", "Zum Inhalt",
        ("Noch nicht beim Zusteller", "Beim Zusteller", "Unterwegs", "In Zustellung", "Liegt zur Abholung bereit", "Zugestellt",
         "Zustellung nicht gelungen", "Verspätet", "Unterwegs angehalten", "Geht zurück an den Absender", "Nicht versandt",
         "Vom Zusteller vermerkt"),
    ),
    "fr": Words(
        "Français", "Où est mon colis ?", "Transporteur", "Numéro de suivi", "Pas encore de numéro",
        "L’entrepôt le prépare. Revenez plus tard.", "Aller au contenu",
        ("Pas encore chez le transporteur", "Chez le transporteur", "En route", "En cours de livraison", "À retirer", "Livré",
         "N’a pas pu être livré", "Retardé", "Retenu en route", "Retour à l’expéditeur", "Pas envoyé", "Noté par le transporteur"),
    ),
    "es": Words(
        "Español", "¿Dónde está mi paquete?", "Transportista", "Número de seguimiento", "Todavía sin número",
        "El almacén lo está preparando. Vuelva más tarde.", "Ir al contenido",
        ("Aún no está con el transportista", "Con el transportista", "En camino", "En reparto", "Listo para recoger", "Entregado",
         "No se pudo entregar", "Retrasado", "Retenido en camino", "Vuelve al remitente", "No enviado",
         "Anotado por el transportista"),
    ),
    "it": Words(
        "Italiano", "Dov’è il mio pacco?", "Corriere", "Numero di tracciamento", "Ancora nessun numero",
        "Il magazzino lo sta preparando. Torni più tardi.", "Vai al contenuto",
        ("Non ancora dal corriere", "Dal corriere", "In viaggio", "In consegna", "Pronto per il ritiro", "Consegnato",
         "Consegna non riuscita", "In ritardo", "Fermo durante il viaggio", "Torna al mittente", "Non spedito",
         "Annotato dal corriere"),
    ),
    "nl": Words(
        "Nederlands", "Waar is mijn pakket?", "Vervoerder", "Trackingnummer", "Nog geen nummer",
        "Het magazijn maakt het klaar. Kijk later nog eens.", "Naar de inhoud",
        ("Nog niet bij de vervoerder", "Bij de vervoerder", "Onderweg", "Wordt bezorgd", "Klaar om af te halen", "Bezorgd",
         "Kon niet worden bezorgd", "Vertraagd", "Onderweg vastgehouden", "Gaat terug naar de afzender", "Niet verzonden",
         "Genoteerd door de vervoerder"),
    ),
    "pl": Words(
        "Polski", "Gdzie jest moja paczka?", "Przewoźnik", "Numer przesyłki", "Jeszcze bez numeru",
        "Magazyn ją przygotowuje. Zajrzyj później.", "Przejdź do treści",
        ("Jeszcze nie u przewoźnika", "U przewoźnika", "W drodze", "W doręczeniu", "Gotowa do odbioru", "Doręczona",
         "Nie udało się doręczyć", "Opóźniona", "Zatrzymana w drodze", "Wraca do nadawcy", "Nie wysłana",
         "Odnotowana przez przewoźnika"),
    ),
    "pt": Words(
        "Português", "Onde está a minha encomenda?", "Transportadora", "Número de seguimento", "Ainda sem número",
        "O armazém está a prepará-la. Volte mais tarde.", "Ir para o conteúdo",
        ("Ainda não está com a transportadora", "Com a transportadora", "A caminho", "Em distribuição", "Pronta para levantar",
         "Entregue", "Não foi possível entregar", "Atrasada", "Retida no caminho", "De volta ao remetente", "Não enviada",
         "Registada pela transportadora"),
    ),
    "sv": Words(
        "Svenska", "Var är mitt paket?", "Transportör", "Spårningsnummer", "Inget nummer ännu",
        "Lagret gör det i ordning. Titta in senare.", "Till innehållet",
        ("Ännu inte hos transportören", "Hos transportören", "På väg", "Ute för leverans", "Redo att hämtas", "Levererat",
         "Kunde inte levereras", "Försenat", "Stoppat på vägen", "På väg tillbaka till avsändaren", "Inte skickat",
         "Noterat av transportören"),
    ),
    "ja": Words(
        "日本語", "荷物はどこにありますか", "運送会社", "お問い合わせ番号", "番号はまだありません",
        "倉庫で準備中です。しばらくしてからご確認ください。", "本文へ",
        ("運送会社への引き渡し前", "運送会社に引き渡し済み", "輸送中", "配達中", "受け取り可能",
         "配達完了", "配達できませんでした",
         "遅延", "輸送中に保留", "差出人へ返送中", "発送されませんでした", "運送会社の記録あり"),
    ),
}  # fmt: skip
LANGUAGES = {**OF_THE_HOUSE, **{code: words.name for code, words in WORDS.items()}}


def choose(asked: str, accepted: LanguageAccept, otherwise: str) -> str:
    """The language that was tapped; else the first of the reader's browser that this page speaks; else `otherwise`."""
    if asked in LANGUAGES:
        return asked
    by_tag = {code.partition("_")[0]: code for code in LANGUAGES}
    return next((by_tag[tag] for wanted in accepted.values() if (tag := wanted.lower()[:2]) in by_tag), otherwise)
