-- One batch more was taken in.
UPDATE book SET batches = batches + 1
