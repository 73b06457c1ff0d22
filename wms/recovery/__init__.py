"""Backup and restore: the database, the files it names, and a manifest that says what must come back.

The order makes them agree. A file's object is stored before its row, so whatever rows a snapshot of the database names,
a copy of the store made *later* has their objects; nothing is deleted from the store while a backup runs. Redis is not
in a backup: the outbox is in the database, and hints are made anew.
"""
