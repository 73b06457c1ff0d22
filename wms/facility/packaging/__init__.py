"""Boxes and bags that orders are packed in (包材): what there is in a warehouse, and what each holds, weighs and costs."""
