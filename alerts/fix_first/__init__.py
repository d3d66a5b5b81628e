"""Fix-first: what customers can do themselves before anybody comes, and whether the readings say that it helped."""
