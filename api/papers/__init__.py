"""Papers: what people keep of a remote diagnosis, as HTML, as PDF and with drawn charts."""
