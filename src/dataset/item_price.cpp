// Prices as people write them.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "dataset/catalogue.hpp"

namespace blip::dataset {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// "1,299.00" → "1299.00". The last of point and comma divides units from cents, unless there are
// three digits behind it, or it is there more than once: then it divides thousands.
std::string plain_number(std::string_view digits) {
  std::size_t decimal = digits.find_last_of(".,");
  if (decimal != std::string_view::npos) {
    const bool has_others = digits.find_first_of(".,") != decimal;
    const bool repeats = digits.find(digits[decimal]) != decimal;
    // "0.125" is no thousand; "1,299" is one, and "1.299" is not sure to be, but for "12.999,00".
    const bool is_thousands = repeats || (digits[decimal] == ',' && digits.size() - decimal == 4 &&
                                          !has_others && digits.front() != '0');
    if (is_thousands) decimal = std::string_view::npos;
  }
  std::string number;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (is_digit(digits[i])) number += digits[i];
    if (i == decimal) number += '.';
  }
  return number;
}

}  // namespace

std::optional<double> price_of(std::string_view text) {
  const auto begin = std::find_if(text.begin(), text.end(), is_digit);
  const auto end = std::find_if(text.rbegin(), text.rend(), is_digit).base();
  if (begin == text.end()) return std::nullopt;
  const auto first = static_cast<std::size_t>(begin - text.begin());
  const auto last = static_cast<std::size_t>(end - text.begin());
  const std::string_view digits = text.substr(first, last - first);
  const bool is_number = std::all_of(digits.begin(), digits.end(),
                                     [](char c) { return is_digit(c) || c == '.' || c == ','; });
  // A currency is a few letters or a sign, before or behind.
  constexpr std::size_t kMostCurrency = 16;
  if (!is_number || first > kMostCurrency || text.size() - last > kMostCurrency) {
    return std::nullopt;
  }
  if (text.substr(0, first).find('-') != std::string_view::npos) return std::nullopt;
  const std::string number = plain_number(digits);
  double value = 0;
  const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || stop != number.data() + number.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

}  // namespace blip::dataset
