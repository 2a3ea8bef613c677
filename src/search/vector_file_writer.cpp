#include "search/vector_file_writer.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "core/durable_file.hpp"
#include "core/replacement_file.hpp"
#include "search/coarse_lists.hpp"
#include "search/inner_product.hpp"
#include "search/server_vectors.hpp"
#include "search/vector_file.hpp"
#include "search/vector_search.hpp"

namespace blip::search {
namespace {

// Of vectors, from which the lists are made.
constexpr std::size_t kSampledPerList = 64;
// Vectors that are encoded and written at once.
constexpr std::size_t kEncodedTogether = 4096;
// A file is written anew when it lacks so many vectors, and one in a hundred: a search reads these
// from SQLite, 2 µs each.
constexpr std::size_t kMostMissing = 2048;
constexpr std::size_t kMissingShare = 100;

template <typename T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

class FileWriter {
 public:
  FileWriter(LibraryIndex& index, const IndexedModel& model, ThreadPool& threads,
             const VectorFileRules& rules, std::filesystem::path target)
      : index_(index),
        model_(model),
        threads_(threads),
        rules_(rules),
        dims_(static_cast<std::size_t>(model.dims)),
        stamp_(index.new_stamp()),
        replacement_(target) {}

  // Within a snapshot of the index: all passes see the same rows in the same order.
  void write(const VectorState& state, std::size_t rows) {
    make_lists(rows);
    assign_rows();
    header_.magic = kVectorFileMagic;
    header_.version = kVectorFileVersion;
    header_.byte_order = kVectorFileByteOrder;
    const std::string library = index_.library_id();
    std::copy_n(library.begin(), header_.library.size(), header_.library.begin());
    std::copy_n(stamp_.begin(), header_.stamp.size(), header_.stamp.begin());
    header_.model = model_.id;
    header_.generation = state.generation;
    header_.rows = pictures_.size();
    header_.dims = static_cast<std::uint32_t>(dims_);
    header_.lists = static_cast<std::uint32_t>(lists_ ? lists_->size() : 1);
    layout_ = layout_of(header_);
    write_rows();
    write_parts();
    replacement_.file().sync();
  }

  void put_in_place() { replacement_.put_in_place(); }
  [[nodiscard]] const std::string& stamp() const noexcept { return stamp_; }

 private:
  void make_lists(std::size_t rows) {
    const std::size_t lists = list_count(rows, rules_);
    if (lists < 2) return;
    const std::size_t step = std::max<std::size_t>(1, rows / (lists * kSampledPerList));
    std::vector<float> sample;
    sample.reserve((rows / step + 1) * dims_);
    std::size_t at = 0;
    index_.for_vectors(model_, kAllGenerations, [&](std::int64_t, std::span<const float> vector) {
      if (at++ % step != 0) return;
      sample.insert(sample.end(), vector.begin(), vector.end());
    });
    if (sample.size() / dims_ >= lists) lists_.emplace(sample, dims_, lists, threads_);
  }

  // Calls use(first, vectors: [rows, dims]) for all rows, some at a time.
  template <typename Use>
  void for_blocks(Use&& use) {
    std::vector<float> block;
    std::size_t first = 0;
    const auto flush = [&] {
      use(first, std::span<const float>(block));
      first += block.size() / dims_;
      block.clear();
    };
    index_.for_vectors(model_, kAllGenerations, [&](std::int64_t, std::span<const float> vector) {
      block.insert(block.end(), vector.begin(), vector.end());
      if (block.size() >= kEncodedTogether * dims_) flush();
    });
    if (!block.empty()) flush();
  }

  void assign_rows() {
    std::vector<std::int64_t> arrived;
    std::vector<std::uint32_t> list_of;
    double longest = 0;
    std::vector<float> block;
    const auto flush = [&] {
      const std::size_t rows = block.size() / dims_;
      list_of.resize(list_of.size() + rows);
      if (lists_) lists_->assign(block, std::span(list_of).last(rows), threads_);
      block.clear();
    };
    index_.for_vectors(model_, kAllGenerations,
                       [&](std::int64_t picture, std::span<const float> vector) {
                         arrived.push_back(picture);
                         double squares = 0;
                         for (const float value : vector) squares += double{value} * value;
                         longest = std::max(longest, squares);
                         block.insert(block.end(), vector.begin(), vector.end());
                         if (block.size() >= kEncodedTogether * dims_) flush();
                       });
    flush();
    constexpr double kRounded = 1.0001;
    header_.longest = static_cast<float>(kRounded * std::sqrt(longest));
    // Behind each other by list, in a list as they came.
    begins_.assign((lists_ ? lists_->size() : 1) + 1, 0);
    for (const std::uint32_t list : list_of) ++begins_[list + 1];
    std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
    std::vector<std::uint64_t> next(begins_.begin(), begins_.end() - 1);
    pictures_.resize(arrived.size());
    row_of_.resize(arrived.size());
    for (std::size_t i = 0; i < arrived.size(); ++i) {
      const std::uint64_t row = next[list_of[i]]++;
      row_of_[i] = static_cast<std::uint32_t>(row);
      pictures_[row] = arrived[i];
    }
  }

  void write_rows() {
    DurableFile& file = replacement_.file();
    const std::size_t code_bytes = code_size(dims_);
    scales_.resize(pictures_.size());
    std::vector<std::int8_t> codes(kEncodedTogether * code_bytes);
    for_blocks([&](std::size_t first, std::span<const float> vectors) {
      const std::size_t rows = vectors.size() / dims_;
      if (first + rows > row_of_.size()) {
        throw Error(ErrorCode::malformed, index_.file() + ": the index changed while it was read");
      }
      threads_.parallel_for(rows, [&](std::size_t i, int) {
        scales_[row_of_[first + i]] =
            encode_vector(vectors.subspan(i * dims_, dims_),
                          std::span(codes).subspan(i * code_bytes, code_bytes));
      });
      for (std::size_t i = 0; i < rows; ++i) {
        const std::uint64_t row = row_of_[first + i];
        file.write_at(layout_.codes + row * code_bytes,
                      std::as_bytes(std::span(codes).subspan(i * code_bytes, code_bytes)));
        file.write_at(layout_.vectors + row * dims_ * sizeof(float),
                      std::as_bytes(vectors.subspan(i * dims_, dims_)));
      }
    });
  }

  void write_parts() {
    DurableFile& file = replacement_.file();
    std::vector<std::uint32_t> by_picture(pictures_.size());
    std::iota(by_picture.begin(), by_picture.end(), 0U);
    std::sort(by_picture.begin(), by_picture.end(),
              [&](std::uint32_t a, std::uint32_t b) { return pictures_[a] < pictures_[b]; });
    const std::vector<float> none(dims_);
    file.write_at(0, std::as_bytes(std::span(&header_, 1)));
    file.write_at(layout_.list_begins, bytes_of(begins_));
    file.write_at(layout_.centroids, lists_ ? std::as_bytes(lists_->centroids()) : bytes_of(none));
    file.write_at(layout_.pictures, bytes_of(pictures_));
    file.write_at(layout_.by_picture, bytes_of(by_picture));
    file.write_at(layout_.scales, bytes_of(scales_));
  }

  LibraryIndex& index_;
  const IndexedModel& model_;
  ThreadPool& threads_;
  const VectorFileRules& rules_;
  std::size_t dims_;
  std::string stamp_;
  ReplacementFile replacement_;
  VectorFileHeader header_;
  VectorFileLayout layout_;
  std::optional<CoarseLists> lists_;
  std::vector<std::uint64_t> begins_;
  std::vector<std::int64_t> pictures_;  // by row
  std::vector<std::uint32_t> row_of_;   // of the vectors as the index hands them over
  std::vector<CodeScale> scales_;
};

// The generation of the file that is there; none if it is of no use to this index.
std::optional<std::int64_t> generation_of_file(LibraryIndex& index, const IndexedModel& model) {
  const auto file = open_vector_file(index, model);
  if (!file) return std::nullopt;
  return file->header().generation;
}

}  // namespace

std::size_t list_count(std::size_t rows, const VectorFileRules& rules) {
  if (rows < rules.least_listed_rows) return 1;
  const auto root = static_cast<std::size_t>(std::sqrt(static_cast<double>(rows)));
  return std::clamp<std::size_t>(root, 1, kMaxLists);
}

bool has_fresh_vector_file(LibraryIndex& index, const IndexedModel& model,
                           const VectorFileRules& rules) {
  const Snapshot snapshot = index.snapshot();
  const std::size_t rows = index.count_vectors(model, kAllGenerations);
  const auto generation = generation_of_file(index, model);
  if (rows < rules.least_rows || rows > kMaxVectorRows) {
    return !generation && index.removed_vectors(model, kAllGenerations).empty();
  }
  if (!generation) return false;
  const std::size_t missing =
      index.count_vectors(model, *generation) + index.removed_vectors(model, *generation).size();
  return missing <= kMostMissing + rows / kMissingShare;
}

void refresh_vector_file(LibraryIndex& index, const IndexedModel& model, ThreadPool& threads,
                         const VectorFileRules& rules) {
  if (index.is_on_server()) return refresh_vector_graph(index, model);
  if (!has_fresh_vector_file(index, model, rules)) write_vector_file(index, model, threads, rules);
}

std::vector<std::string> refresh_vector_files(LibraryIndex& index, ThreadPool& threads,
                                              const VectorFileRules& rules) {
  std::vector<std::string> errors;
  for (const IndexedModel& model : index.models(Finding::vectors)) {
    try {
      refresh_vector_file(index, model, threads, rules);
    } catch (const WriteError& error) {
      errors.emplace_back(error.what());
    }
  }
  return errors;
}

void write_vector_file(LibraryIndex& index, const IndexedModel& model, ThreadPool& threads,
                       const VectorFileRules& rules) {
  if (index.is_on_server()) {
    throw Error(ErrorCode::invalid_argument, index.file() + ": a server has no file of vectors");
  }
  const std::filesystem::path path = vector_file_path(index.file(), model.id);
  // What processes that were killed have left.
  remove_abandoned_partial_files(directory_of(path));
  std::optional<FileWriter> writer;
  VectorState state;
  {
    const Snapshot snapshot = index.snapshot();
    state = index.vector_state(model);
    const std::size_t rows = index.count_vectors(model, kAllGenerations);
    if (rows >= std::max<std::size_t>(1, rules.least_rows) && rows <= kMaxVectorRows) {
      writer.emplace(index, model, threads, rules, path);
      writer->write(state, rows);
    }
  }
  // Only one process at a time is here. A later file of another stays; it is never older than what
  // the index has forgotten.
  Transaction transaction = index.transaction();
  const auto present = generation_of_file(index, model);
  if (present && *present >= state.generation && writer) return;
  if (writer) {
    writer->put_in_place();
  } else {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
  index.put_vector_file(model, state.generation, writer ? writer->stamp() : "");
  transaction.commit();
}

}  // namespace blip::search
