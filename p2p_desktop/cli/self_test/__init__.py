"""`p2p-desktop doctor --self-test`: does every part of this installation work? From source or frozen, by its own commands."""
