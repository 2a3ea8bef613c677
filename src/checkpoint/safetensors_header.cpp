#include "checkpoint/safetensors_header.hpp"

#include <cstddef>
#include <unordered_set>
#include <utility>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/json_text.hpp"

namespace blip {
namespace {

// Builds the entries while nlohmann reads, so that a hostile header of 100 MB costs no JSON tree.
// What nlohmann calls a SAX interface: every function returns true to go on.
class HeaderEvents {
 public:
  HeaderEvents(std::string_view json, const std::string& file) : json_(json), file_(file) {}

  std::vector<SafetensorsEntry> take_entries() { return std::move(entries_); }

  bool null() {
    // serde reads `"__metadata__": null` as no metadata.
    if (place_ == Place::metadata_value) return leave_value();
    return scalar("null");
  }
  bool boolean(bool) { return scalar("a boolean"); }
  // Negative numbers only (and -0, which the crate refuses too); others arrive as unsigned.
  bool number_integer(std::int64_t) { return scalar("a negative number"); }
  bool number_unsigned(std::uint64_t value) {
    if (place_ == Place::shape_items) {
      if (entry().shape.size() == kMaxRank) {
        throw Error(ErrorCode::limit_exceeded, file_ + ": header: tensor " +
                                                   in_quotes(entry().name) + " has more than " +
                                                   std::to_string(kMaxRank) + " dimensions");
      }
      entry().shape.push_back(value);
      return true;
    }
    if (place_ == Place::offsets_items) {
      if (offset_count_ < 2) entry().data_offsets[offset_count_] = value;
      ++offset_count_;
      return true;
    }
    return scalar("a number");
  }
  bool number_float(double, const std::string&) { return scalar("a fraction or huge number"); }
  bool string(std::string& value) {
    if (place_ == Place::metadata_items) return leave_value();
    if (place_ == Place::dtype_value) {
      entry().dtype = value;
      return leave_value();
    }
    return scalar("a string");
  }
  bool binary(nlohmann::json::binary_t&) { return scalar("binary"); }  // not in JSON

  bool start_object(std::size_t) {
    enter();
    switch (place_) {
      case Place::document:
        place_ = Place::header_keys;
        return true;
      case Place::metadata_value:
        place_ = Place::metadata_items;
        return true;
      case Place::entry_value:
        place_ = Place::entry_keys;
        return true;
      default:
        return scalar("an object");
    }
  }
  bool key(std::string& name) {
    switch (place_) {
      case Place::header_keys:
        if (!names_.insert(name).second) fail("the name " + in_quotes(name) + " occurs twice");
        if (name == "__metadata__") {
          place_ = Place::metadata_value;
        } else {
          entries_.push_back({.name = name, .dtype = {}, .shape = {}, .data_offsets = {}});
          seen_ = {};
          place_ = Place::entry_value;
        }
        return true;
      case Place::entry_keys:
        if (name == "dtype") return field(0, name, Place::dtype_value);
        if (name == "shape") return field(1, name, Place::shape_value);
        if (name == "data_offsets") return field(2, name, Place::offsets_value);
        ignored_from_ = depth_;
        place_ = Place::ignored;
        return true;
      default:  // metadata, or inside something ignored
        return true;
    }
  }
  bool end_object() {
    --depth_;
    switch (place_) {
      case Place::entry_keys:
        for (std::size_t i = 0; i < seen_.size(); ++i) {
          if (!seen_[i]) fail_entry("has no \"" + std::string(kFields[i]) + '"');
        }
        place_ = Place::header_keys;
        return true;
      case Place::metadata_items:
        place_ = Place::header_keys;
        return true;
      case Place::header_keys:
        place_ = Place::document;
        return true;
      default:
        return leave_ignored();
    }
  }
  bool start_array(std::size_t) {
    enter();
    switch (place_) {
      case Place::shape_value:
        place_ = Place::shape_items;
        return true;
      case Place::offsets_value:
        place_ = Place::offsets_items;
        offset_count_ = 0;
        return true;
      default:
        return scalar("an array");
    }
  }
  bool end_array() {
    --depth_;
    if (place_ == Place::shape_items) return leave_value();
    if (place_ == Place::offsets_items) {
      if (offset_count_ != 2) {
        fail_entry("has " + std::to_string(offset_count_) + " data_offsets, not 2");
      }
      return leave_value();
    }
    return leave_ignored();
  }
  bool parse_error(std::size_t byte, const std::string&, const nlohmann::json::exception& error) {
    throw_json_error(json_, file_ + ": header", byte, json_error_reason(error));
  }

 private:
  enum class Place {
    document,        // before and after the header object
    header_keys,     // in it
    metadata_value,  // after "__metadata__":
    metadata_items,
    entry_value,  // after a tensor's name
    entry_keys,
    dtype_value,
    shape_value,
    shape_items,
    offsets_value,
    offsets_items,
    ignored,  // in the value of an unknown field
  };
  // PyTorch's and numpy's own limit; without one, a header could ask for 4 bytes per byte it has.
  static constexpr std::size_t kMaxRank = 64;
  static constexpr std::array<std::string_view, 3> kFields = {"dtype", "shape", "data_offsets"};

  SafetensorsEntry& entry() { return entries_.back(); }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::malformed, file_ + ": header: " + what);
  }
  [[noreturn]] void fail_entry(const std::string& what) {
    fail("tensor " + in_quotes(entry().name) + ' ' + what);
  }

  void enter() {
    if (++depth_ > kMaxJsonDepth) {
      fail("nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
    }
  }

  // A value where one of another kind is due, unless nobody looks at it.
  bool scalar(const char* found) {
    switch (place_) {
      case Place::ignored:
        return ignored_from_ == depth_ ? leave_value() : true;
      case Place::document:
        fail(std::string("expected an object, found ") + found);
      case Place::metadata_value:
      case Place::metadata_items:
        fail(std::string("\"__metadata__\" must map strings to strings, found ") + found);
      case Place::dtype_value:
        fail_entry(std::string("has ") + found + " for a dtype");
      case Place::shape_value:
      case Place::shape_items:
        fail_entry(std::string("has ") + found + " in its shape");
      case Place::offsets_value:
      case Place::offsets_items:
        fail_entry(std::string("has ") + found + " in its data_offsets");
      default:
        fail_entry(std::string("is ") + found + ", not an object");
    }
  }

  bool field(std::size_t index, const std::string& name, Place next) {
    if (seen_[index]) fail_entry("has " + in_quotes(name) + " twice");
    seen_[index] = true;
    place_ = next;
    return true;
  }

  // After a value: back to the keys of the object it belongs to.
  bool leave_value() {
    switch (place_) {
      case Place::metadata_value:
        place_ = Place::header_keys;
        return true;
      case Place::metadata_items:
        return true;
      default:
        place_ = Place::entry_keys;
        return true;
    }
  }

  // The end of an object or array inside an ignored value.
  bool leave_ignored() { return ignored_from_ == depth_ ? leave_value() : true; }

  std::string_view json_;
  const std::string& file_;
  std::vector<SafetensorsEntry> entries_;
  std::unordered_set<std::string> names_;
  std::array<bool, 3> seen_{};  // which of kFields the current entry has
  std::size_t offset_count_ = 0;
  Place place_ = Place::document;
  int depth_ = 0;         // open objects and arrays
  int ignored_from_ = 0;  // depth at which the ignored value's key stands
};

}  // namespace

std::vector<SafetensorsEntry> parse_safetensors_header(std::string_view json,
                                                       const std::string& file) {
  // nlohmann would skip a byte order mark; the format, and the crate, do not know it.
  if (json.starts_with("\xEF\xBB\xBF")) {
    throw_json_error(json, file + ": header", 1, "byte order mark");
  }
  HeaderEvents events(json, file);
  parse_json_events(json, file + ": header", events);
  return events.take_entries();
}

}  // namespace blip
