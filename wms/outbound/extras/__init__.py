"""What an order may say besides: its platform, what customs is told, signature, insurance, what the driver does,
wishes for packing.
"""
