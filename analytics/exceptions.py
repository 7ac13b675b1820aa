"""The errors of the batch path. The CLI turns each into one sentence and exit code 1.

AnalyticsError
  LedgerError
    LedgerBusy
    LedgerTooNew
  PriceFileError (also ValueError)
  ContractError (also ValueError)
  BudgetFileError (also ValueError)
  ProviderError
  SettingsError (also ValueError)
  NotAdmitted
"""

from __future__ import annotations


class AnalyticsError(Exception):
    """The root of what the batch path raises on purpose."""


class LedgerError(AnalyticsError):
    """The ledger cannot be used."""


class LedgerDenied(LedgerError):
    """The user by whom a shared ledger was asked may not do that."""


class LedgerBusy(LedgerError):
    """Somebody else holds the ledger's file; the message says who."""


class LedgerTooNew(LedgerError):
    """The ledger was written by a newer Tollgate than this one."""


class PriceFileError(AnalyticsError, ValueError):
    """A price table that cannot be used. The message names file, key, what was found and what was expected."""


class ContractError(AnalyticsError, ValueError):
    """A contract that cannot be used. The message names file, key, what was found and what was expected."""


class BudgetFileError(AnalyticsError, ValueError):
    """A budgets.yaml that cannot be used. The message names file, key, what was found and what was expected."""


class ProviderError(AnalyticsError):
    """The provider's cost report cannot be had, or read. The message never has the key in it."""


class SettingsError(AnalyticsError, ValueError):
    """A setting or an argument that cannot be used. The message names it, what was found and what was expected."""


class NotAdmitted(AnalyticsError):
    """Somebody whom dashboard.yaml does not let in, or lets see nothing. The message says why, to them."""
