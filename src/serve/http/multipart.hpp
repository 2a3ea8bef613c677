// multipart/form-data (RFC 7578): the fields and files of a form, as fetch() and curl -F send it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace blip::serve {

inline constexpr std::size_t kMaxFormParts = 32;
inline constexpr std::size_t kMaxFormHeaderBytes = 4096;  ///< of one part's headers together
inline constexpr std::size_t kMaxFormHeaders = 8;         ///< of one part

/// A part of a form. All views are into the body, nothing is decoded: a quote in a name is "%22",
/// as browsers write it, or "\"", as curl does.
struct FormPart {
  std::string_view name;
  std::optional<std::string_view> file_name = {};
  std::string_view content_type = {};  ///< as it was sent; empty if it was not
  std::string_view content = {};
};

/// The parts in their order; a name may come several times.
///
/// A line that begins with "--" and the boundary ends a part, wherever it stands: it must then be a
/// whole delimiter (RFC 2046, 5.1.1). What stands before the first delimiter and after the last one
/// is ignored. Lines end in CRLF and nothing else.
///
/// content_type: of the request, which names the boundary. Throws invalid_argument if it is not
/// that of a form, malformed for a body that is none (the last delimiter is missing, say), and
/// limit_exceeded above the limits.
std::vector<FormPart> parse_form(std::string_view content_type, std::string_view body);

/// The first part of that name.
const FormPart* find_part(const std::vector<FormPart>& parts, std::string_view name);

}  // namespace blip::serve
