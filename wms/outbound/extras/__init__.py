"""What an order may say besides: its platform, what customs is told, signature, insurance, wishes for packing."""
