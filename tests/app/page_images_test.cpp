// Start tags and images of pages, by the HTML standard's and CommonMark's rules.
#include "app/sites/html_tags.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/sites/alt_review.hpp"
#include "app/sites/markdown_images.hpp"
#include "app/sites/page_images.hpp"
#include "blip/error.hpp"

namespace blip::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Need = PageImage::Need;

// The names and attributes of all start tags: "img src=a alt".
std::vector<std::string> tags_of(const std::string& page) {
  std::vector<std::string> tags;
  for_each_html_tag(page, [&](const HtmlTag& tag) {
    std::string text = tag.name;
    for (const HtmlAttribute& attribute : tag.attributes) {
      text += " " + attribute.name;
      if (!attribute.raw.empty()) text += "=" + without_references(attribute.raw);
    }
    tags.push_back(text);
  });
  return tags;
}

std::vector<std::string> missing_in(const std::string& page, PageLanguage language) {
  std::vector<std::string> found;
  for (const PageImage& image : page_images(page, language).images) {
    if (image.need == Need::missing) found.push_back(std::to_string(image.line) + " " + image.src);
  }
  return found;
}

std::vector<std::string> missing_in_html(const std::string& page) {
  return missing_in(page, PageLanguage::html);
}

std::vector<std::string> missing_in_markdown(const std::string& page) {
  return missing_in(page, PageLanguage::markdown);
}

// The page once every image without text has `text`.
std::string written(const std::string& page, PageLanguage language, const std::string& text) {
  std::vector<ReviewEntry> entries;
  for (const PageImage& image : page_images(page, language).images) {
    if (image.need != Need::missing) continue;
    entries.push_back({.page = "p", .line = image.line, .src = image.src, .suggestion = text});
  }
  const WrittenPage result = page_with_alt(page, language, entries);
  EXPECT_THAT(result.not_found, IsEmpty());
  return result.bytes;
}

TEST(HtmlTags, AttributesAreThoseOfTheStandard) {
  EXPECT_THAT(tags_of("<IMG SRC=a.png alt>"), ElementsAre("img src=a.png alt"));
  EXPECT_THAT(tags_of("<img src='a b' alt=\"x > y\">"), ElementsAre("img src=a b alt=x > y"));
  EXPECT_THAT(tags_of("<img src = a/ >"), ElementsAre("img src=a/"));
  EXPECT_THAT(tags_of("<img/src=a/alt=b>"), ElementsAre("img src=a/alt=b"));
  EXPECT_THAT(tags_of("<img =x=y>"), ElementsAre("img =x=y"));
  EXPECT_THAT(tags_of("<img alt= >"), ElementsAre("img alt"));
  EXPECT_THAT(tags_of("<a href=\"x&amp;y&#x41;&#66;&copy\">"), ElementsAre("a href=x&yAB&copy"));
  EXPECT_THAT(tags_of("<p><img src=a"), ElementsAre("p")) << "the page ends within the tag";
}

TEST(HtmlTags, WhatIsNoMarkupHasNone) {
  EXPECT_THAT(tags_of("<!-- <img> --><b>"), ElementsAre("b"));
  EXPECT_THAT(tags_of("<!--><b><!---><i><!-- --!><u>"), ElementsAre("b", "i", "u"));
  EXPECT_THAT(tags_of("<script>'<img>' < /x</script ><b>"), ElementsAre("script", "b"));
  EXPECT_THAT(tags_of("<script><!-- <script> </script> <img> --></script><b>"),
              ElementsAre("script", "b"));
  EXPECT_THAT(tags_of("<textarea><img></TEXTAREA><style><img></style><b>"),
              ElementsAre("textarea", "style", "b"));
  EXPECT_THAT(tags_of("<svg><title><image></title></svg><title><img></title>"),
              ElementsAre("svg", "title", "image", "title"));
  EXPECT_THAT(tags_of("a < b <3 <?x <img>?><!DOCTYPE <img>></ <img>><b>"), ElementsAre("b"));
  EXPECT_THAT(tags_of("<noscript><img></noscript><plaintext><img>"),
              ElementsAre("noscript", "img", "plaintext"));
}

TEST(PageImages, ThoseThatLackATextAreFound) {
  EXPECT_THAT(missing_in_html("<p>\n<img src=a.png>\n\n<img src='b c.png' title=x>"),
              ElementsAre("2 a.png", "4 b c.png"));
  EXPECT_THAT(missing_in_html("<img src=x/IMG_1.jpg alt=IMG_1.jpg><img src=IMG_2.jpg alt=IMG_2>"),
              ElementsAre("1 x/IMG_1.jpg", "1 IMG_2.jpg"))
      << "a file's name is no text";
  EXPECT_THAT(missing_in_html("<img><img src=''><picture><source srcset=a></picture>"), IsEmpty());
}

TEST(PageImages, DecorationAndTextsAreLeftAlone) {
  for (const char* attributes :
       {"alt=''", "alt", "alt=' '", "role=presentation", "role='NONE'", "aria-hidden=true",
        "width=1", "height='2'", "width=1px", "alt=words", "aria-label=x", "aria-labelledby=x"}) {
    EXPECT_THAT(missing_in_html("<img src=a.png " + std::string(attributes) + ">"), IsEmpty())
        << attributes;
  }
  EXPECT_THAT(missing_in_html("<img src=a.png width=1% height=300>"), ElementsAre("1 a.png"));
}

TEST(PageImages, OfMarkdown) {
  EXPECT_THAT(missing_in_markdown("![](a.png)\n![ ](<b c.png> \"title\")\n![x](c.png)"),
              ElementsAre("1 a.png", "2 b c.png"));
  EXPECT_THAT(missing_in_markdown("![][pic]\n![][none]\n\n[Pic]: a.png 'title'\n"),
              ElementsAre("1 a.png"));
  EXPECT_THAT(missing_in_markdown("[![](a_\\(1\\).png)](https://x)\n<img src=b.png>\na <b ![](c)"),
              ElementsAre("1 a_(1).png", "2 b.png", "3 c"));
  // A tag in an attribute is none.
  EXPECT_THAT(missing_in_markdown("<img alt='see <img src=a.png> here' src=b.png>"), IsEmpty());
}

TEST(PageImages, CodeHasNone) {
  EXPECT_THAT(missing_in_markdown("```\n![](a)\n```\n~~~ x\n<img src=a>\n~~~~\n![](b)"),
              ElementsAre("7 b"));
  EXPECT_THAT(missing_in_markdown("`![](a)` ``![](a) ` ``\n\\![](a)\n<!-- ![](a) -->"), IsEmpty());
  EXPECT_THAT(missing_in_markdown("text\n\n    ![](code)\n\n- item\n\n    ![](b)\n"),
              ElementsAre("7 b"));
  EXPECT_THAT(missing_in_markdown("---\npic: '![](a)'\n---\n![](b)"), ElementsAre("4 b"));
  EXPECT_THAT(missing_in_markdown("<script>'![](a)'</script>"), IsEmpty());
  // A paragraph ends at a line of nothing but blanks, whatever ends the lines.
  for (const std::string end : {"\n\n", "\r\n\r\n", "\n \t\n"}) {
    EXPECT_THAT(missing_in_markdown("a ` b" + end + "![](a.png)" + end + "c ` d"),
                ElementsAre("3 a.png"));
  }
}

TEST(PageImages, WritingChangesNothingElse) {
  EXPECT_EQ(written("<p>\r\n<IMG  src=a.png\tid=1/>\xFF</p>", PageLanguage::html, "A cat."),
            "<p>\r\n<IMG alt=\"A cat.\"  src=a.png\tid=1/>\xFF</p>");
  EXPECT_EQ(written("<img alt='a.png' src=a.png>", PageLanguage::html, "A cat."),
            "<img alt=\"A cat.\" src=a.png>");
  EXPECT_EQ(written("x ![]( a.png ) y\r\n<img src=b>", PageLanguage::markdown, "A cat."),
            "x ![A cat.]( a.png ) y\r\n<img alt=\"A cat.\" src=b>");
}

TEST(PageImages, TextsAreEscaped) {
  EXPECT_EQ(written("<img src=a>", PageLanguage::html, "\"<b>\" &\nc"),
            "<img alt=\"&quot;&lt;b&gt;&quot; &amp; c\" src=a>");
  EXPECT_EQ(written("![](a)", PageLanguage::markdown, "](x) *y* `z`"),
            "![\\](x) \\*y\\* \\`z\\`](a)");
  EXPECT_EQ(written("<img src=a>\xE9", PageLanguage::html, "caf\xC3\xA9"),
            "<img alt=\"caf&#233;\" src=a>\xE9")
      << "the page is no UTF-8";
}

TEST(AltReview, ComesBackAsItWasWritten) {
  const ReviewEntry entry{
      .page = "a/b.html", .line = 7, .src = "x.png", .suggestion = "A \"cat\"."};
  const auto entries = read_review(review_line(entry) + "\n\n", "review.jsonl");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].page, "a/b.html");
  EXPECT_EQ(entries[0].line, 7U);
  EXPECT_EQ(entries[0].alt, std::nullopt);
  EXPECT_EQ(entries[0].suggestion, entry.suggestion);
  EXPECT_THROW((void)read_review("{\"path\": \"a\"}", "r"), Error);
  EXPECT_THROW((void)read_review("{\"path\":\"a\",\"line\":0,\"src\":\"b\"}", "r"), Error);
}

TEST(AltReview, WhatChangedMeanwhileIsToldOf) {
  const std::string page = "<img src=a.png>\n<img src=b.png alt=text>";
  const std::vector<ReviewEntry> entries = {
      {.page = "p", .line = 1, .src = "a.png", .suggestion = ""},
      {.page = "p", .line = 2, .src = "b.png", .suggestion = "B."},
      {.page = "p", .line = 1, .src = "c.png", .suggestion = "C."}};
  const WrittenPage result = page_with_alt(page, PageLanguage::html, entries);
  EXPECT_EQ(result.bytes, "<img alt=\"\" src=a.png>\n<img src=b.png alt=text>");
  EXPECT_EQ(result.written, 1U);
  EXPECT_EQ(result.not_found.size(), 2U);
}

}  // namespace
}  // namespace blip::app
