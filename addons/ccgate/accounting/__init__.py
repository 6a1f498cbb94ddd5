"""What it cost: usage as the answer tells it, prices, the ledger, reports.

`usage` reads what an answer says of itself, `bill` decides what of it is charged at which model,
`prices` turns that into money, `ledger` writes it down, `report` adds it up.
"""
