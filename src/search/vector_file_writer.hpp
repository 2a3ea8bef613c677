// Writing the file of vectors beside an index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/thread_pool.hpp"
#include "search/library_index.hpp"

namespace blip::search {

/// Vectors from which a file of them is kept. SQLite hands over so many in about 20 ms.
inline constexpr std::size_t kLeastFileRows = 20'000;
/// Vectors from which they are divided into lists. Fewer are searched whole in 5 ms.
inline constexpr std::size_t kLeastListedRows = 100'000;

struct VectorFileRules {
  std::size_t least_rows = kLeastFileRows;
  std::size_t least_listed_rows = kLeastListedRows;
};

/// Whether there is a file of the model's vectors that a search can use, without many that it
/// lacks.
[[nodiscard]] bool has_fresh_vector_file(LibraryIndex& index, const IndexedModel& model,
                                         const VectorFileRules& rules = {});

/// Writes the file anew, from what the index has at this moment; of few vectors there is none, and
/// one that is there goes. It is written under another name, put on the disk and renamed: at any
/// moment there is the old one or the new one. Needs little memory: two passes over the vectors,
/// three with lists. Outside of a transaction. Throws Error.
void write_vector_file(LibraryIndex& index, const IndexedModel& model, ThreadPool& threads,
                       const VectorFileRules& rules = {});

/// write_vector_file, if has_fresh_vector_file says that it is time.
void refresh_vector_file(LibraryIndex& index, const IndexedModel& model, ThreadPool& threads,
                         const VectorFileRules& rules = {});

/// Those of all models. A search without the file finds the same, only later: where one cannot be
/// written (a full disk), the others are, and a line says why. Throws what is no WriteError.
[[nodiscard]] std::vector<std::string> refresh_vector_files(LibraryIndex& index,
                                                            ThreadPool& threads,
                                                            const VectorFileRules& rules = {});

/// Of so many vectors.
[[nodiscard]] std::size_t list_count(std::size_t rows, const VectorFileRules& rules = {});

}  // namespace blip::search
