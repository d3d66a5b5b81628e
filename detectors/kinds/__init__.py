"""The appliances of one kind: cut into pieces, taken through the layers, and kept in one table."""
