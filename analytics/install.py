"""The ledger's own copies of the price table and of the contract, so that the books can be read without the files."""

from __future__ import annotations

import json

from .contract import Contract
from .prices import PriceTable
from .questions import Connection, run


def install_prices(con: Connection, prices: PriceTable) -> bool:
    """Copy the price table into the ledger, if the one in there is another; True if it was."""
    if run(con, "prices_version") == [{"version": prices.version}]:
        return False
    run(con, "prices_stage", tables=json.dumps(prices.tables()))
    run(con, "prices_install")
    return True


def install_contract(con: Connection, contract: Contract) -> bool:
    """The same for the contract; none at all replaces one, too."""
    wanted = [] if contract.version is None else [{"version": contract.version}]
    if run(con, "contract_version") == wanted:
        return False
    run(con, "contract_stage", tables=json.dumps(contract.tables()))
    run(con, "contract_install")
    return True
