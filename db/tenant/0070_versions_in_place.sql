-- A version that ends gets a number that it did not have.  In this format its row has had the room for it from the beginning and is
-- changed where it stands; in the other one it gets longer, and as its page was filled to the end, the page is put in order anew
-- for each row of it that ends.
ALTER TABLE resource_versions ROW_FORMAT=REDUNDANT
