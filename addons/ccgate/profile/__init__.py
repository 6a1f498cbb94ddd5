"""The profile: a YAML file of policy, read into typed, frozen values.

A profile is refused as a whole when anything in it is wrong, and when it states a policy that this
version would not enforce: a policy that is silently not enforced is worse than none.
"""

from __future__ import annotations

from ccgate.profile.find import resolve
from ccgate.profile.find import shipped
from ccgate.profile.loader import load
from ccgate.profile.model import Accounting
from ccgate.profile.model import Admission
from ccgate.profile.model import Budget
from ccgate.profile.model import CredentialSpec
from ccgate.profile.model import Endpoints
from ccgate.profile.model import Hosts
from ccgate.profile.model import Limits
from ccgate.profile.model import Privacy
from ccgate.profile.model import Profile
from ccgate.profile.model import Term
from ccgate.profile.values import Upstream

__all__ = [
    "Accounting",
    "Admission",
    "Budget",
    "CredentialSpec",
    "Endpoints",
    "Hosts",
    "Limits",
    "Privacy",
    "Profile",
    "Term",
    "Upstream",
    "load",
    "resolve",
    "shipped",
]
