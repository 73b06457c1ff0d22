"""`wms-print-agent`: a small program that fetches labels over HTTPS and gives them to the printers around it.

It imports nothing else of the system, so that it runs on a bench PC or a Raspberry Pi with Python, pypdfium2 and Pillow.
Its journal (SQLite) makes it survive a kill at any step without printing a waybill twice or losing one silently.
"""

VERSION = "1.1.1"
