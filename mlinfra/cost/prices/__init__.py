"""The price tables that ship with mlinfra: one CSV per service, each row with its source and date."""
