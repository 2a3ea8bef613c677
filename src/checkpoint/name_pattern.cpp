#include "checkpoint/name_pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"

namespace blip {
namespace {

constexpr std::size_t kMaxExpressionBytes = 20'000;
// Far below a millisecond. The names are short: what people write needs some hundreds.
constexpr std::uint32_t kMaxSteps = 20'000;
constexpr std::uint32_t kMaxDepth = 2'000;
constexpr std::uint32_t kMaxHeapKilobytes = 20'000;

template <typename Owner>
Owner allocated(Owner owner) {
  if (!owner) throw std::bad_alloc();
  return owner;
}

std::string message_of(int error) {
  std::array<PCRE2_UCHAR, 200> text{};
  pcre2_get_error_message(error, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

}  // namespace

struct NamePattern::Compiled {
  template <auto Free>
  struct Freed {
    template <typename T>
    void operator()(T* pointer) const {
      Free(pointer);
    }
  };
  using Code = std::unique_ptr<pcre2_code, Freed<pcre2_code_free>>;
  using MatchData = std::unique_ptr<pcre2_match_data, Freed<pcre2_match_data_free>>;
  using MatchContext = std::unique_ptr<pcre2_match_context, Freed<pcre2_match_context_free>>;
  using CompileContext = std::unique_ptr<pcre2_compile_context, Freed<pcre2_compile_context_free>>;

  Code code;
  std::string where;

  // Nothing: no match.
  [[nodiscard]] MatchData match(std::string_view name, std::uint32_t options) const {
    auto data = allocated(MatchData(pcre2_match_data_create_from_pattern(code.get(), nullptr)));
    auto context = allocated(MatchContext(pcre2_match_context_create(nullptr)));
    pcre2_set_match_limit(context.get(), kMaxSteps);
    pcre2_set_depth_limit(context.get(), kMaxDepth);
    pcre2_set_heap_limit(context.get(), kMaxHeapKilobytes);
    const int result = pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(name.data()),
                                   name.size(), 0, options, data.get(), context.get());
    if (result == PCRE2_ERROR_MATCHLIMIT || result == PCRE2_ERROR_DEPTHLIMIT ||
        result == PCRE2_ERROR_HEAPLIMIT) {
      throw Error(ErrorCode::limit_exceeded,
                  where + ": takes too long to match " + in_quotes(name));
    }
    if (result < 0) return nullptr;  // or the name is no UTF-8, which Python could not name either
    return data;
  }
};

NamePattern::NamePattern(const std::string& expression, std::string where) {
  auto compiled = std::make_shared<Compiled>();
  compiled->where = std::move(where);
  if (expression.size() > kMaxExpressionBytes) {
    throw Error(ErrorCode::limit_exceeded, compiled->where + ": is a regular expression of " +
                                               std::to_string(expression.size()) +
                                               " bytes; at most " +
                                               std::to_string(kMaxExpressionBytes) + " are read");
  }
  auto context = allocated(Compiled::CompileContext(pcre2_compile_context_create(nullptr)));
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);  // as Python, whatever PCRE2 was built with
  int error = 0;
  std::size_t at = 0;
  compiled->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()),
                                     expression.size(), PCRE2_UTF | PCRE2_UCP, &error, &at,
                                     context.get()));
  if (!compiled->code) {
    throw Error(ErrorCode::malformed, compiled->where + ": " + in_quotes(expression) +
                                          " is no regular expression: " + message_of(error));
  }
  compiled_ = std::move(compiled);
}

bool NamePattern::matches_all_of(std::string_view name) const {
  return compiled_->match(name, PCRE2_ANCHORED | PCRE2_ENDANCHORED) != nullptr;
}

bool NamePattern::matches_start_of(std::string_view name) const {
  return compiled_->match(name, PCRE2_ANCHORED) != nullptr;
}

std::optional<std::string> NamePattern::captured(std::string_view name, const char* group) const {
  const Compiled::MatchData data = compiled_->match(name, PCRE2_ANCHORED);
  if (!data) return std::nullopt;
  PCRE2_UCHAR* text = nullptr;
  std::size_t length = 0;
  if (pcre2_substring_get_byname(data.get(), reinterpret_cast<PCRE2_SPTR>(group), &text, &length) !=
      0) {
    return std::nullopt;
  }
  std::string result(reinterpret_cast<const char*>(text), length);
  pcre2_substring_free(text);
  return result;
}

}  // namespace blip
