// A page of photos: strangers' names and captions are text in it, and it asks for nothing.
#include "app/library/contact_sheet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

namespace blip::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kHostile[] = {"<script>alert(1)</script>",
                                    "\"><img src=x onerror=alert(1)>",
                                    "' onmouseover='alert(1)",
                                    "</title><script>alert(1)</script>",
                                    "&lt;b&gt;",
                                    "javascript:alert(1)//",
                                    "\xFF\xFE<svg/onload=alert(1)>",
                                    "a\nb\x1B[31m\x7F"};

// The tags of a page, without what is between them.
std::vector<std::string> tags_of(const std::string& page) {
  std::vector<std::string> tags;
  const std::regex tag("<[^>]*>");
  for (auto each = std::sregex_iterator(page.begin(), page.end(), tag);
       each != std::sregex_iterator(); ++each) {
    tags.push_back(each->str());
  }
  return tags;
}

std::string sheet_of(const std::string& text) {
  return contact_sheet(text, {{.heading = text,
                               .photos = {{.path = "/photos/" + text,
                                           .jpeg = std::vector<std::byte>(3),
                                           .note = text,
                                           .caption = text},
                                          {.path = text}}}});
}

TEST(ContactSheet, StrangersTextsAreText) {
  const auto harmless = tags_of(sheet_of("x"));
  for (const char* text : kHostile) {
    const std::string page = sheet_of(text);
    const auto tags = tags_of(page);
    ASSERT_EQ(tags.size(), harmless.size()) << text;
    for (std::size_t i = 0; i < tags.size(); ++i) {
      // The names of elements, and of their attributes, are the same.
      const auto shape = [](const std::string& tag) {
        return std::regex_replace(tag, std::regex("\"[^\"]*\""), "\"\"");
      };
      EXPECT_EQ(shape(tags[i]), shape(harmless[i])) << text;
    }
    EXPECT_THAT(page, Not(HasSubstr("<script"))) << text;
    EXPECT_THAT(page, Not(HasSubstr("href=\"java"))) << text;
    EXPECT_EQ(page.find('\x1B'), std::string::npos);
    EXPECT_EQ(page.find('\xFF'), std::string::npos) << "it is UTF-8";
  }
}

TEST(ContactSheet, LinksAreFilesWhateverTheirNames) {
  EXPECT_THAT(sheet_of("100%?#.jpg"), HasSubstr("href=\"file:///photos/100%25%3F%23.jpg\""));
  EXPECT_THAT(sheet_of("\xFF\"'<"), HasSubstr("href=\"file:///photos/%FF%22%27%3C\""));
}

TEST(ContactSheet, AsksForNothing) {
  const std::string page = sheet_of("x");
  EXPECT_THAT(page, HasSubstr("default-src 'none'; img-src data:"));
  EXPECT_THAT(page, HasSubstr("src=\"data:image/jpeg;base64,AAAA\""));
  EXPECT_THAT(page, Not(HasSubstr("http://")));
  EXPECT_THAT(page, Not(HasSubstr("https://")));
  EXPECT_THAT(page, HasSubstr("This file cannot be read."));
  EXPECT_THAT(contact_sheet("x", {}), HasSubstr("Nothing was found."));
}

}  // namespace
}  // namespace blip::app
