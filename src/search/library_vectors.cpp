// LibraryIndex: the vectors of pictures, and what a file of them lacks.
#include <algorithm>
#include <cmath>

#include "blip/error.hpp"
#include "search/library_index.hpp"

namespace blip::search {

void LibraryIndex::put_vector(std::int64_t picture, const IndexedModel& model,
                              std::span<const float> vector) {
  if (vector.size() != static_cast<std::size_t>(model.dims)) {
    throw Error(ErrorCode::invalid_argument, model.name + ": a vector of another length");
  }
  Statement(database_, "UPDATE models SET generation = generation + 1 WHERE id = ?")
      .bind(1, model.id)
      .run();
  Statement(database_,
            "INSERT INTO embeddings(picture, model, vector, generation) SELECT ?, id, ?, "
            "generation FROM models WHERE id = ? ON CONFLICT(picture, model) DO UPDATE SET vector "
            "= excluded.vector, generation = excluded.generation")
      .bind(1, picture)
      .bind_vector(2, vector)
      .bind(3, model.id)
      .run();
}

VectorRows LibraryIndex::vectors(const IndexedModel& model, std::int64_t after) {
  VectorRows rows(model.dims);
  // Not beyond what the file has room for, whatever it says of the length of its vectors.
  const std::uint64_t most =
      database_.file_bytes() / (sizeof(float) * static_cast<std::uint64_t>(model.dims));
  rows.reserve(std::min(most, std::uint64_t{count_vectors(model, after)}));
  for_vectors(model, after, [&](std::int64_t picture, std::span<const float> vector) {
    rows.add(picture, vector);
  });
  return rows;
}

void LibraryIndex::for_vectors(
    const IndexedModel& model, std::int64_t after,
    const std::function<void(std::int64_t, std::span<const float>)>& visit) {
  const Dialect& dialect = database_.dialect();
  Statement statement(database_,
                      after == kAllGenerations ? dialect.all_vectors : dialect.later_vectors);
  statement.bind(1, model.id);
  if (after != kAllGenerations) statement.bind(2, after);
  std::vector<float> vector(static_cast<std::size_t>(model.dims));
  while (statement.step()) {
    statement.read_vector(1, vector);
    for (const float value : vector) {
      if (!std::isfinite(value)) database_.damaged("a vector with a number that is not finite");
    }
    visit(statement.integer(0), vector);
  }
}

std::size_t LibraryIndex::count_vectors(const IndexedModel& model, std::int64_t after) {
  Statement count(database_, "SELECT count(*) FROM embeddings WHERE model = ? AND generation > ?");
  count.bind(1, model.id).bind(2, after);
  return count.step() ? static_cast<std::size_t>(count.integer(0)) : 0;
}

VectorState LibraryIndex::vector_state(const IndexedModel& model) {
  Statement row(database_, "SELECT generation, based, stamp FROM models WHERE id = ?");
  row.bind(1, model.id);
  if (!row.step()) database_.damaged("a model is missing");
  return {.generation = row.integer(0), .based = row.integer(1), .stamp = row.text(2)};
}

std::vector<std::int64_t> LibraryIndex::removed_vectors(const IndexedModel& model,
                                                        std::int64_t after) {
  Statement rows(database_,
                 "SELECT picture FROM removed_vectors WHERE model = ? AND generation > ?");
  rows.bind(1, model.id).bind(2, after);
  std::vector<std::int64_t> pictures;
  while (rows.step()) pictures.push_back(rows.integer(0));
  return pictures;
}

std::string LibraryIndex::new_stamp() {
  Statement row(database_, database_.dialect().random_digits);
  return row.step() ? row.text(0) : "";
}

void LibraryIndex::put_vector_file(const IndexedModel& model, std::int64_t generation,
                                   std::string_view stamp) {
  Statement(database_, "DELETE FROM removed_vectors WHERE model = ? AND generation <= ?")
      .bind(1, model.id)
      .bind(2, generation)
      .run();
  Statement(database_,
            "UPDATE models SET based = CASE WHEN based < ?1 THEN ?1 ELSE based END, stamp = ?2 "
            "WHERE id = ?3")
      .bind(1, generation)
      .bind_text(2, stamp)
      .bind(3, model.id)
      .run();
}

}  // namespace blip::search
