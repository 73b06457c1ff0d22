"""The seller's portal: pages that compose what several features know. Staff who may read see all sellers."""
