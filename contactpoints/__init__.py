"""The contact points service. Whoever imports any of it reads time zones from the `tzdata` wheel, never the machine's.

Two machines with different zone files would disagree about a handover; a release fixes one set for all.
"""

import zoneinfo

zoneinfo.reset_tzpath(to=())
zoneinfo.ZoneInfo.clear_cache()
