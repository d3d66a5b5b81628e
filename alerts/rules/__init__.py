"""Rules of the desk as data: how long, how much, who; read from one file, each number with its unit."""
