// InputList: which images a run is about, in order.
#pragma once

#include <cstddef>
#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "app/images/image_stream.hpp"
#include "cli/input/line_reader.hpp"

namespace blip::cli {

/// Its `index` is the place in the whole list, before sharding and resuming.
using Input = app::ImageInput;

/// `3/64`: of the whole list, the inputs whose index leaves remainder 2 when divided by 64.
struct Shard {
  std::size_t number = 1;  ///< 1 … count
  std::size_t count = 1;

  /// Empty unless `text` is I/N with 1 ≤ I ≤ N.
  static std::optional<Shard> parse(const std::string& text);
  [[nodiscard]] bool contains(std::size_t index) const noexcept {
    return index % count == number - 1;
  }
};

struct InputSelection {
  std::vector<std::string> names;  ///< files and folders, "-" for a picture on standard input
  std::string list;                ///< a file of names, "-" for standard input, "" for none
  char separator = '\n';           ///< between the names of `list`
  bool recursive = false;
  Shard shard;
};

/// Files and folders are listed at once; names that come through a pipe are read as they are
/// needed, so that a run may start before its producer is done.
class InputList {
 public:
  /// Throws UsageError if the list cannot be opened or is no list.
  explicit InputList(const InputSelection& selection);

  /// Leaves out every input for which `done` is true. Call before next().
  void skip(const std::function<bool(const std::filesystem::path&)>& done);

  /// The next input of this shard. While it waits for a pipe, `stop` ends it early. Throws
  /// UsageError. Not synchronised.
  std::optional<Input> next(const std::stop_token& stop);

  /// How many there are to do; unknown while names may still arrive through a pipe.
  [[nodiscard]] std::optional<std::size_t> total() const;
  /// Whether nothing was named at all, in any shard. Meaningful once next() has returned nothing.
  [[nodiscard]] bool named_nothing() const noexcept { return count_ == 0; }

 private:
  void add(const std::string& name);
  void append(Input input);

  bool recursive_;
  Shard shard_;
  std::size_t count_ = 0;  // inputs seen, of all shards
  std::deque<Input> pending_;
  std::optional<LineReader> pipe_;
  std::function<bool(const std::filesystem::path&)> done_;
};

}  // namespace blip::cli
