#include "eval/npy_matrix.hpp"

#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"

namespace blip::eval {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are read as they lie there");

// NumPy's own limit for headers that it evaluates.
constexpr std::size_t kMaxHeader = 10'000;

class NpyParser {
 public:
  NpyParser(std::string_view bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {}

  NpyMatrix matrix() {
    read_header();
    NpyMatrix matrix{.rows = rows_, .columns = columns_, .values = {}};
    const std::size_t count = checked_count();
    matrix.values.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t place = fortran_order_ ? i % rows_ * columns_ + i / rows_ : i;
      matrix.values[place] = element(i);
    }
    return matrix;
  }

 private:
  [[noreturn]] void fail(const std::string& problem, ErrorCode code = ErrorCode::malformed) const {
    throw Error(code, name_ + ": " + problem);
  }

  void read_header() {
    constexpr std::string_view kMagic = "\x93NUMPY";
    if (!bytes_.starts_with(kMagic) || bytes_.size() < kMagic.size() + 6) {
      fail("is not a NumPy file");
    }
    const auto byte = [this](std::size_t i) {
      return static_cast<std::size_t>(static_cast<unsigned char>(bytes_[i]));
    };
    const std::size_t version = byte(6);
    if (version < 1 || version > 3) {
      fail("is of version " + std::to_string(version) + " of the NumPy format, not 1 to 3",
           ErrorCode::unsupported);
    }
    const std::size_t start = version == 1 ? 10 : 12;
    std::size_t length = byte(8) + (byte(9) << 8U);
    if (version > 1) length += (byte(10) << 16U) + (byte(11) << 24U);
    if (length > kMaxHeader || length + start > bytes_.size()) fail("has a damaged header");
    header_ = bytes_.substr(start, length);
    bytes_.remove_prefix(start + length);
    read_dictionary();
  }

  // {'descr': '<f4', 'fortran_order': False, 'shape': (5, 25), }
  void read_dictionary() {
    std::optional<std::string_view> type;
    std::optional<bool> fortran_order;
    bool has_shape = false;
    expect('{');
    while (!take('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !type) {
        if (peek() != '\'' && peek() != '"') fail("holds records", ErrorCode::unsupported);
        type = quoted();
      } else if (key == "fortran_order" && !fortran_order) {
        fortran_order = boolean();
      } else if (key == "shape" && !has_shape) {
        read_shape();
        has_shape = true;
      } else {
        fail("has a damaged header");
      }
      if (!take(',') && peek() != '}') fail("has a damaged header");
    }
    if (!type || !fortran_order || !has_shape) fail("has a damaged header");
    if (*type != "<f4" && *type != "<f8") {
      fail("holds " + in_quotes(*type) + ", not float32 or float64 (<f4, <f8)",
           ErrorCode::unsupported);
    }
    element_bytes_ = *type == "<f4" ? sizeof(float) : sizeof(double);
    fortran_order_ = *fortran_order;
  }

  void read_shape() {
    expect('(');
    std::vector<std::size_t> shape;
    while (!take(')')) {
      shape.push_back(number());
      if (!take(',') && peek() != ')') fail("has a damaged header");
    }
    if (shape.size() != 2) {
      fail("has " + std::to_string(shape.size()) + " dimensions, not 2", ErrorCode::unsupported);
    }
    rows_ = shape[0];
    columns_ = shape[1];
  }

  std::size_t checked_count() const {
    if (rows_ == 0 || columns_ == 0) fail("is empty");
    const std::size_t there = bytes_.size() / element_bytes_;
    if (rows_ > there / columns_ || rows_ * columns_ != there ||
        bytes_.size() % element_bytes_ != 0) {
      fail("has " + std::to_string(bytes_.size()) + " bytes of elements, but the shape " +
           std::to_string(rows_) + " x " + std::to_string(columns_));
    }
    return there;
  }

  [[nodiscard]] float element(std::size_t i) const {
    const char* at = bytes_.data() + i * element_bytes_;
    if (element_bytes_ == sizeof(float)) {
      float value = 0;
      std::memcpy(&value, at, sizeof value);
      return value;
    }
    double value = 0;
    std::memcpy(&value, at, sizeof value);
    // A conversion of what no float can hold is not defined.
    constexpr double kMost = std::numeric_limits<float>::max();
    if (value > kMost) return std::numeric_limits<float>::infinity();
    if (value < -kMost) return -std::numeric_limits<float>::infinity();
    return static_cast<float>(value);
  }

  char peek() {
    while (!header_.empty() && (header_.front() == ' ' || header_.front() == '\n')) {
      header_.remove_prefix(1);
    }
    return header_.empty() ? '\0' : header_.front();
  }

  bool take(char c) {
    if (peek() != c || header_.empty()) return false;
    header_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!take(c)) fail("has a damaged header");
  }

  std::string_view quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("has a damaged header");
    header_.remove_prefix(1);
    const std::size_t end = header_.find(quote);
    if (end == std::string_view::npos) fail("has a damaged header");
    const std::string_view text = header_.substr(0, end);
    header_.remove_prefix(end + 1);
    return text;
  }

  bool boolean() {
    for (const std::string_view word : {std::string_view("True"), std::string_view("False")}) {
      peek();
      if (header_.starts_with(word)) {
        header_.remove_prefix(word.size());
        return word == "True";
      }
    }
    fail("has a damaged header");
  }

  std::size_t number() {
    peek();
    std::size_t value = 0;
    const char* end = header_.data() + header_.size();
    const auto [stop, error] = std::from_chars(header_.data(), end, value);
    if (error != std::errc{}) fail("has a damaged header");
    header_.remove_prefix(static_cast<std::size_t>(stop - header_.data()));
    return value;
  }

  std::string_view bytes_;  // what follows the header, once that is read
  std::string name_;
  std::string_view header_;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::size_t element_bytes_ = 0;
  bool fortran_order_ = false;
};

}  // namespace

NpyMatrix parse_npy_matrix(std::string_view bytes, const std::string& name) {
  return NpyParser(bytes, name).matrix();
}

}  // namespace blip::eval
