#include "serve/http/multipart.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "blip/error.hpp"

namespace blip::serve {
namespace {

constexpr std::string_view kType = "multipart/form-data; boundary=XX";

std::string part_of(const std::string& headers, const std::string& content) {
  return "--XX\r\n" + headers + "\r\n\r\n" + content + "\r\n";
}

std::string part_named(const std::string& name, const std::string& content = "") {
  return part_of("Content-Disposition: form-data; name=\"" + name + "\"", content);
}

std::optional<ErrorCode> error_of(std::string_view type, std::string_view body) {
  try {
    (void)parse_form(type, body);
    return std::nullopt;
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.code();
  }
}

TEST(ParseForm, ReadsWhatNodesFetchSends) {
  // As captured: Immich's server runs on it.
  const std::string body =
      "------formdata-undici-028424419657\r\nContent-Disposition: form-data; name=\"entries\"\r\n"
      "\r\n{\"clip\":{\"visual\":{\"modelName\":\"ViT-B-32__openai\"}}}\r\n"
      "------formdata-undici-028424419657\r\nContent-Disposition: form-data; name=\"image\"; "
      "filename=\"blob\"\r\nContent-Type: application/octet-stream\r\n\r\n\x89PNG\r\n\x1a\n\r\n--"
      "\r\n------formdata-undici-028424419657--\r\n";
  const auto parts =
      parse_form("multipart/form-data; boundary=----formdata-undici-028424419657", body);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].name, "entries");
  EXPECT_EQ(parts[0].file_name, std::nullopt);
  EXPECT_EQ(parts[0].content_type, "");
  EXPECT_EQ(parts[0].content, R"({"clip":{"visual":{"modelName":"ViT-B-32__openai"}}})");
  EXPECT_EQ(parts[1].name, "image");
  EXPECT_EQ(parts[1].file_name, "blob");
  EXPECT_EQ(parts[1].content_type, "application/octet-stream");
  EXPECT_EQ(parts[1].content, "\x89PNG\r\n\x1a\n\r\n--");
  // Nothing is copied.
  EXPECT_GE(parts[1].content.data(), body.data());
  EXPECT_LE(parts[1].content.data() + parts[1].content.size(), body.data() + body.size());
  EXPECT_EQ(find_part(parts, "image"), &parts[1]);
  EXPECT_EQ(find_part(parts, "text"), nullptr);
}

TEST(ParseForm, ReadsWhatOtherClientsSend) {
  const std::string end = "--XX--";  // without an end of line
  struct Case {
    std::string type;
    std::string body;
    std::string content;
  };
  const std::vector<Case> cases = {
      {"multipart/form-data; boundary=\"XX\"", part_named("a", "1") + end, "1"},
      {"Multipart/Form-Data ; charset=utf-8; Boundary=XX", part_named("a", "1") + end, "1"},
      {std::string(kType), "preamble\r\n" + part_named("a", "1") + end + "\r\nepilogue", "1"},
      {std::string(kType), "--XX \t\r\n" + part_named("a", "1").substr(6) + end, "1"},
      {std::string(kType), part_of("content-disposition:form-data;name=a", "1") + end, "1"},
      {std::string(kType), part_named("a", "") + end, ""},
      {std::string(kType), "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n--XX--", ""},
      // Nearly delimiters.
      {std::string(kType), part_named("a", "a--XX\n--XX\r\n-XX\r\n--X") + end,
       "a--XX\n--XX\r\n-XX\r\n--X"},
  };
  for (const Case& c : cases) {
    const auto parts = parse_form(c.type, c.body);
    ASSERT_EQ(parts.size(), 1U) << c.body;
    EXPECT_EQ(parts[0].name, "a") << c.body;
    EXPECT_EQ(parts[0].content, c.content) << c.body;
  }
  EXPECT_TRUE(parse_form(kType, "--XX--").empty());
}

TEST(ParseForm, ReadsQuotedNames) {
  // Parts are views into it.
  const std::string body =
      part_of("Content-Disposition: form-data; filename=\"C:\\new\\\"x\\\".jpg\"; name=\"a;b\"",
              "1") +
      "--XX--";
  const auto parts = parse_form(kType, body);
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0].name, "a;b");
  EXPECT_EQ(parts[0].file_name, "C:\\new\\\"x\\\".jpg");
}

TEST(ParseForm, RefusesTypesThatAreNoForm) {
  for (const std::string type :
       {"", "application/json", "multipart/mixed; boundary=XX", "multipart/form-data",
        "multipart/form-data; boundary=", "multipart/form-data; boundary=\"X \"",
        "multipart/form-data; boundary=X{}"}) {
    EXPECT_EQ(error_of(type, "--XX--"), ErrorCode::invalid_argument) << type;
  }
  const std::string longest(70, 'x');
  EXPECT_EQ(error_of("multipart/form-data; boundary=" + longest, "--" + longest + "--"),
            std::nullopt);
  EXPECT_EQ(error_of("multipart/form-data; boundary=x" + longest, "--x" + longest + "--"),
            ErrorCode::invalid_argument);
  for (const std::string type :
       {"multipart/form-data; boundary=XX; boundary=YY", "multipart/form-data; boundary=\"XX",
        "multipart/form-data; boundary"}) {
    EXPECT_EQ(error_of(type, "--XX--"), ErrorCode::malformed) << type;
  }
}

TEST(ParseForm, RefusesBodiesThatAreNone) {
  const std::string disposition = "Content-Disposition: form-data; name=a";
  for (const std::string& body : std::vector<std::string>{
           "",
           "--XX",
           "--XX\r\n",
           "--XX-",
           "--XXX--",
           part_named("a", "1"),                                  // cut off
           part_named("a", "1") + "--YY--",                       // another delimiter
           part_named("a", "1\r\n--XXX") + "--XX--",              // begins as a delimiter
           "--XX\r\n\r\n1\r\n--XX--",                             // no headers
           "--XX\n" + disposition + "\n\n1\n--XX--",              // bare line feeds
           part_of(disposition + "\n", "1") + "--XX--",           // one of them
           part_of(disposition + "\r\n folded", "1") + "--XX--",  // a folded line
           part_of(disposition + "\r\n" + disposition, "1") + "--XX--",
           part_of("Content-Disposition: form-data", "1") + "--XX--",
           part_of("Content-Disposition: attachment; name=a", "1") + "--XX--",
           part_of("Content-Disposition: form-data; name=a; name=b", "1") + "--XX--",
           part_of("Content-Disposition: form-data; name=\"a\" b", "1") + "--XX--",
           part_of("Content-Disposition: form-data; name=a\"b\"", "1") + "--XX--",
           part_of("Content-Disposition : form-data; name=a", "1") + "--XX--",
           part_of(disposition + std::string("\0", 1), "1") + "--XX--",
           "--XX\r\n" + disposition + "\r\n--XX--",  // within the headers
           "--XX\r\n" + disposition + "\r\n--XX:\r\n\r\n\r\n--XX--",
       }) {
    EXPECT_EQ(error_of(kType, body), ErrorCode::malformed) << body;
  }
  EXPECT_EQ(error_of(kType, part_of(disposition + "\r\nContent-Transfer-Encoding: base64", "1") +
                                "--XX--"),
            ErrorCode::unsupported);
}

TEST(ParseForm, CountsPartsAndHeaders) {
  std::string body;
  for (std::size_t i = 0; i < kMaxFormParts; ++i) body += part_named("a");
  EXPECT_EQ(parse_form(kType, body + "--XX--").size(), kMaxFormParts);
  EXPECT_EQ(error_of(kType, body + part_named("a") + "--XX--"), ErrorCode::limit_exceeded);

  std::string headers = "Content-Disposition: form-data; name=a";
  for (std::size_t i = 1; i < kMaxFormHeaders; ++i) headers += "\r\nX: y";
  EXPECT_EQ(error_of(kType, part_of(headers, "1") + "--XX--"), std::nullopt);
  EXPECT_EQ(error_of(kType, part_of(headers + "\r\nX: y", "1") + "--XX--"),
            ErrorCode::limit_exceeded);

  const std::string start = "Content-Disposition: form-data; name=a\r\nX: ";
  const std::string longest = start + std::string(kMaxFormHeaderBytes - start.size(), 'y');
  EXPECT_EQ(error_of(kType, part_of(longest, "1") + "--XX--"), std::nullopt);
  EXPECT_EQ(error_of(kType, part_of(longest + "y", "1") + "--XX--"), ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace blip::serve
