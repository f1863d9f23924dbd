"""By what somebody knows a browser again: what people call it, not what it calls itself."""

from contactpoints.rules.sessions import device_named

# A browser names others that it is like; so the one that others never name comes first.
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS")),
    *(("Mac OS X", "Mac"), ("Linux", "Linux")),
)


def browser_of(agent: str) -> str:
    """Return the names of a browser and its system, as in ``Firefox, Windows``; of another program what it says."""
    names = (next((name for sign, name in kinds if sign in agent), "") for kinds in (_BROWSERS, _SYSTEMS))
    return ", ".join(filter(None, names)) or device_named(agent)
