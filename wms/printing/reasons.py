"""What printers say of themselves, in words. The agent takes the weight off an IPP reason (`media-empty-error` comes as
`media-empty`); label printers' own flags have the agent's names.
"""

from __future__ import annotations

from wms.platform.pages import lazy

WORDS = {
    # label printers on port 9100, Windows queues
    "paper_out": lazy("no labels"), "ribbon_out": lazy("no ribbon"), "head_open": lazy("head open"),
    "cover_open": lazy("cover open"), "door_open": lazy("cover open"), "paused": lazy("paused at the printer"),
    "jam": lazy("jam"), "error": lazy("fault"), "no_status": lazy("tells no status"),
    # IPP (RFC 8011, 5.4.12)
    "media-empty": lazy("no labels"), "media-needed": lazy("asks for labels"), "media-low": lazy("few labels left"),
    "media-jam": lazy("jam"), "cover-open": lazy("cover open"), "door-open": lazy("cover open"),
    "interlock-open": lazy("cover open"), "input-tray-missing": lazy("no tray"),
    "marker-supply-empty": lazy("no ribbon"), "marker-supply-low": lazy("ribbon nearly used up"),
    "offline": lazy("switched off"), "shutdown": lazy("switched off"), "not_accepting": lazy("takes no jobs"),
    "other_labels": lazy("other labels loaded"), "no_pdf": lazy("takes no PDF"),
    "uneven_dots": lazy("its dots are not square"),
    # the way to it
    "timeout": lazy("no answer in time"), "unreached": lazy("no answer"), "busy": lazy("busy"),
    "ConnectionRefusedError": lazy("refuses the connection"), "ConnectionResetError": lazy("the connection broke off"),
    "BrokenPipeError": lazy("the connection broke off"), "RemoteDisconnected": lazy("the connection broke off"),
    # what the agent says of a job
    "given up by the printer": lazy("given up by the printer"),
    "the printer does not know it any more": lazy("the printer does not know it any more"),
    "not in the queue": lazy("the printer does not know it any more"),
    "broken off while it was sent": lazy("broken off while it was sent"),
    "broken off in the document": lazy("broken off while it was sent"),
    "broken off before the document": lazy("broken off before it was sent"),
    "no document": lazy("broken off before it was sent"), "no file": lazy("broken off before it was sent"),
    "the agent was restarted": lazy("the agent was restarted"),
    "the leave to send had grown old": lazy("it had waited too long in the agent"),
    "this machine has sent it before": lazy("this machine has sent it before"),
}  # fmt: skip


def in_words(reasons: str) -> str:
    """All of them for a person; what is not known here is shown as it was said."""
    return ", ".join(dict.fromkeys(str(WORDS.get(each, each)) for each in reasons.split(",") if each))


def first_in_words(reasons: str) -> str:
    """The first that has words, for a bar with little room; empty without."""
    return next((str(WORDS[each]) for each in reasons.split(",") if each in WORDS), "")
