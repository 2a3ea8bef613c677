// The tables that an index of a product catalogue has besides those of every index.
#pragma once

#include "search/database.hpp"

namespace blip::search {

/// They are there from the first `blip index --catalogue` on, all of them or none: an index of
/// photos has none and stays as it is. Ids of pictures may be used again by SQLite, so an item
/// knows its picture by path. Its own is never used again, for whoever embeds its text meanwhile.
/// Its hashes say what it, its vector and its attributes were made of. An attribute has the model
/// that found it; 0 is the catalogue's file. The words of an item have its id.
inline constexpr const char* kCatalogueTables = R"(
CREATE TABLE items(id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, picture BLOB, title TEXT
  NOT NULL, price REAL, row_hash TEXT NOT NULL, text_hash TEXT NOT NULL, picture_hash TEXT NOT NULL)
  STRICT;
CREATE INDEX items_by_picture ON items(picture);
CREATE TABLE item_attributes(id INTEGER PRIMARY KEY, item INTEGER NOT NULL, model INTEGER NOT NULL,
  name TEXT NOT NULL COLLATE NOCASE, value TEXT NOT NULL COLLATE NOCASE,
  UNIQUE(item, model, name, value)) STRICT;
CREATE INDEX item_attributes_by_name ON item_attributes(name, value);
CREATE TABLE item_vectors(id INTEGER PRIMARY KEY, item INTEGER NOT NULL, model INTEGER NOT NULL,
  vector BLOB NOT NULL, UNIQUE(item, model)) STRICT;
CREATE VIRTUAL TABLE item_words USING fts5(title, description, reviews,
  tokenize = 'porter unicode61');
)";

/// Whether there are any of them. open_schema sees to it that they are all there then.
bool has_catalogue_tables(Database& database);

}  // namespace blip::search
