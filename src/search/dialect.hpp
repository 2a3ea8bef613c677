// Dialect: the SQL of an index that SQLite and PostgreSQL write in different ways. All the rest is
// the same text for both.
#pragma once

#include <string>
#include <string_view>

namespace blip::search {

struct Dialect {
  /// What a person typed → ?1 of find_words; empty if there is no word in it.
  std::string (*word_query)(std::string_view text);
  /// Pictures whose captions have any of the words, the best first by BM25. ?2: how many captions.
  /// ?3: the model whose caption alone counts of a picture that has one; 0: none
  std::string_view find_words;

  // Tags are the same in capitals or not.

  std::string_view pictures_tagged;  ///< ?: the tag
  std::string_view tags_of;          ///< ?: the picture
  std::string_view common_tags;      ///< ?: how many

  std::string_view all_vectors;    ///< picture, vector. ?: the model
  std::string_view later_vectors;  ///< the same. ?, ?: the model, a generation

  std::string_view data_version;   ///< another number once somebody has committed
  std::string_view random_digits;  ///< 32 hexadecimal digits

  int most_dims;  ///< of a vector
};

extern const Dialect kSqliteDialect;
extern const Dialect kPostgresqlDialect;

}  // namespace blip::search
