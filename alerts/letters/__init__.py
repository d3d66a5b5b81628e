"""Letters: mail that comes in; a reply joins its ticket, whatever belongs to none waits in a list for a person."""
