"""Results as text: what people see is made here. Functions return text; the commands write it."""
