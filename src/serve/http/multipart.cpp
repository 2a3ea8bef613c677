#include "serve/http/multipart.hpp"

#include <strings.h>

#include <algorithm>
#include <string>

#include "blip/error.hpp"
#include "core/trimmed.hpp"

namespace blip::serve {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kBlanks = " \t";
constexpr std::size_t kMaxBoundary = 70;  // RFC 2046

[[noreturn]] void fail_form(const std::string& problem, ErrorCode code = ErrorCode::malformed) {
  throw Error(code, "multipart/form-data: " + problem);
}

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_form_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alphanumeric(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_boundary(std::string_view text) {
  return !text.empty() && text.size() <= kMaxBoundary && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_alphanumeric(c) ||
                  std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
         });
}

// "form-data; name="image"; filename="cat.jpg"": a value and its parameters, one by one.
class ParameterReader {
 public:
  struct Parameter {
    std::string_view name;
    std::string_view value;
  };

  explicit ParameterReader(std::string_view field)
      : value_(trimmed(field.substr(0, field.find(';')), kBlanks)),
        rest_(field.substr(std::min(field.find(';'), field.size()))) {}

  [[nodiscard]] std::string_view value() const { return value_; }

  std::optional<Parameter> next() {
    rest_ = trimmed(rest_, kBlanks);
    if (rest_.empty()) return std::nullopt;
    if (rest_.front() != ';') fail_form("a header's parameters are not separated by ';'");
    rest_ = trimmed(rest_.substr(1), kBlanks);
    if (rest_.empty()) return std::nullopt;
    const std::size_t equals = std::min(rest_.find('='), rest_.size());
    Parameter parameter{.name = rest_.substr(0, equals), .value = {}};
    if (!is_form_token(parameter.name) || equals == rest_.size()) {
      fail_form("a header's parameter is not NAME=VALUE");
    }
    rest_.remove_prefix(equals + 1);
    parameter.value = rest_.starts_with('"') ? quoted() : unquoted();
    return parameter;
  }

 private:
  std::string_view quoted() {
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != '"') {
      // A backslash quotes these two alone: paths of Windows hold others.
      const bool quotes = rest_[end] == '\\' && end + 1 < rest_.size() &&
                          (rest_[end + 1] == '"' || rest_[end + 1] == '\\');
      end += quotes ? 2 : 1;
    }
    if (end >= rest_.size()) fail_form("a header's parameter has no closing quote");
    const std::string_view text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }

  std::string_view unquoted() {
    const std::size_t end = std::min(rest_.find(';'), rest_.size());
    const std::string_view text = trimmed(rest_.substr(0, end), kBlanks);
    if (text.find('"') != std::string_view::npos) fail_form("a quote within a parameter");
    rest_.remove_prefix(end);
    return text;
  }

  std::string_view value_;
  std::string_view rest_;
};

std::string_view boundary_of(std::string_view content_type) {
  ParameterReader reader(content_type);
  if (!same_name(reader.value(), "multipart/form-data")) {
    throw Error(ErrorCode::invalid_argument, "expected the content type multipart/form-data");
  }
  std::optional<std::string_view> boundary;
  while (const auto parameter = reader.next()) {
    if (!same_name(parameter->name, "boundary")) continue;
    if (boundary) fail_form("two boundaries");
    boundary = parameter->value;
  }
  if (!boundary || !is_boundary(*boundary)) {
    fail_form("no boundary in Content-Type, or one that is none", ErrorCode::invalid_argument);
  }
  return *boundary;
}

void read_disposition(std::string_view value, FormPart& part) {
  ParameterReader reader(value);
  if (!same_name(reader.value(), "form-data")) fail_form("a part that is not form-data");
  std::optional<std::string_view> name;
  while (const auto parameter = reader.next()) {
    if (same_name(parameter->name, "name")) {
      if (name) fail_form("a part with two names");
      name = parameter->value;
    } else if (same_name(parameter->name, "filename")) {
      if (part.file_name) fail_form("a part with two file names");
      part.file_name = parameter->value;
    }
  }
  if (!name) fail_form("a part without a name");
  part.name = *name;
}

// block: the header lines, each with its CRLF
FormPart read_part_headers(std::string_view block) {
  FormPart part;
  bool disposed = false;
  for (std::size_t count = 0; !block.empty(); ++count) {
    if (count == kMaxFormHeaders) {
      fail_form("more than " + std::to_string(kMaxFormHeaders) + " headers in a part",
                ErrorCode::limit_exceeded);
    }
    const std::size_t end = block.find(kLineEnd);
    const std::string_view line = block.substr(0, end);
    block.remove_prefix(end + kLineEnd.size());
    const auto is_control = [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
    };
    if (std::any_of(line.begin(), line.end(), is_control)) {
      fail_form("a control character in a part's headers");
    }
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);
    if (!is_form_token(name) || colon == line.size())
      fail_form("a part's header is not NAME: VALUE");
    const std::string_view value = trimmed(line.substr(colon + 1), kBlanks);
    if (same_name(name, "Content-Disposition")) {
      if (disposed) fail_form("a part with two dispositions");
      disposed = true;
      read_disposition(value, part);
    } else if (same_name(name, "Content-Type")) {
      part.content_type = value;
    } else if (same_name(name, "Content-Transfer-Encoding") && !same_name(value, "binary") &&
               !same_name(value, "8bit") && !same_name(value, "7bit")) {
      // Deprecated by RFC 7578, and no client has been seen to send another.
      fail_form("a part's transfer encoding other than binary", ErrorCode::unsupported);
    }
  }
  if (!disposed) fail_form("a part without Content-Disposition");
  return part;
}

// The body behind a delimiter, which ends a line: what follows it, or nothing after the last one.
class FormReader {
 public:
  FormReader(std::string_view body, std::string_view boundary)
      : delimiter_("\r\n--" + std::string(boundary)), rest_(body) {}

  std::vector<FormPart> read() {
    // The first delimiter needs no line before it.
    const std::string_view first = std::string_view(delimiter_).substr(kLineEnd.size());
    if (rest_.starts_with(first)) {
      rest_.remove_prefix(first.size());
    } else {
      (void)up_to_delimiter();
    }
    std::vector<FormPart> parts;
    while (begins_part()) {
      if (parts.size() == kMaxFormParts) {
        fail_form("more than " + std::to_string(kMaxFormParts) + " parts",
                  ErrorCode::limit_exceeded);
      }
      parts.push_back(part());
    }
    return parts;
  }

 private:
  // What stands before the next delimiter.
  std::string_view up_to_delimiter() {
    const std::size_t end = rest_.find(delimiter_);
    if (end == std::string_view::npos) fail_form("the last delimiter is missing");
    const std::string_view content = rest_.substr(0, end);
    rest_.remove_prefix(end + delimiter_.size());
    return content;
  }

  // The rest of a delimiter's line: "--" is that of the last one.
  bool begins_part() {
    if (rest_.starts_with("--")) return false;
    const std::size_t end = std::min(rest_.find_first_not_of(kBlanks), rest_.size());
    if (!rest_.substr(end).starts_with(kLineEnd)) fail_form("a line that begins as a delimiter");
    rest_.remove_prefix(end);  // not its end: a header's line may begin as a delimiter
    return true;
  }

  FormPart part() {
    // Of at most that many bytes, so that the end of a long part is not looked for in vain.
    const std::string_view head = rest_.substr(0, kMaxFormHeaderBytes + 3 * kLineEnd.size());
    const std::size_t end = head.find("\r\n\r\n");
    if (end == std::string_view::npos) {
      if (head.size() < rest_.size()) {
        fail_form("more than " + std::to_string(kMaxFormHeaderBytes) + " bytes of a part's headers",
                  ErrorCode::limit_exceeded);
      }
      fail_form("a part whose headers do not end");
    }
    const std::string_view block = rest_.substr(0, end + kLineEnd.size());
    if (block.find(delimiter_) != std::string_view::npos)
      fail_form("a part whose headers do not end");
    FormPart result = read_part_headers(block.substr(kLineEnd.size()));
    // The empty line's own end stays: if the part is empty, it belongs to the delimiter.
    rest_.remove_prefix(end + kLineEnd.size());
    const std::string_view content = up_to_delimiter();
    if (!content.empty()) result.content = content.substr(kLineEnd.size());
    return result;
  }

  std::string delimiter_;
  std::string_view rest_;
};

}  // namespace

std::vector<FormPart> parse_form(std::string_view content_type, std::string_view body) {
  return FormReader(body, boundary_of(content_type)).read();
}

const FormPart* find_part(const std::vector<FormPart>& parts, std::string_view name) {
  const auto found =
      std::find_if(parts.begin(), parts.end(), [&](const FormPart& p) { return p.name == name; });
  return found == parts.end() ? nullptr : &*found;
}

}  // namespace blip::serve
