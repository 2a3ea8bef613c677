// The page about a run, and the lines it is made from.
#include "train/capfilt/report_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "blip/error.hpp"
#include "core/base64.hpp"
#include "core/html_text.hpp"

namespace blip::train {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ImageDecision decision_of(std::uint64_t image, double web, double synthetic, double threshold) {
  return {.image = image,
          .key = "k" + std::to_string(image),
          .is_human = false,
          .texts = {{TextSource::web, "w", web, web >= threshold},
                    {TextSource::synthetic, "s", synthetic, synthetic >= threshold}},
          .error = {}};
}

std::string no_thumbnail(std::uint64_t /*image*/) {
  return {};
}

TEST(DecisionReader, ReadsWhatIsWritten) {
  ImageDecision first = decision_of(3, 0.25, 0.75, 0.5);
  first.texts[0].text = "\"<b>\" ü\n";
  ImageDecision failed{
      .image = 4, .key = "bad", .is_human = false, .texts = {}, .error = "no JPEG"};
  ImageDecision human{.image = 3,
                      .key = "k3",
                      .is_human = true,
                      .texts = {{TextSource::human, "h", std::nullopt, true}},
                      .error = {}};
  const std::string lines = decision_lines(first) + decision_lines(human) + decision_lines(failed);
  DecisionReader reader("d.jsonl");
  std::string again;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    if (const auto decision = reader.take(lines.substr(at, end - at))) {
      again += decision_lines(*decision);
    }
    at = end + 1;
  }
  again += decision_lines(*reader.finish());
  EXPECT_EQ(again, lines);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 4);
}

TEST(DecisionReader, NamesTheLineThatIsBad) {
  DecisionReader reader("d.jsonl");
  reader.take(R"({"image":0,"key":"k","source":"web","text":"t","score":null,"kept":true})");
  try {
    reader.take(R"({"image":0,"key":"k","source":"net"})");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("d.jsonl: line 2: source must be"));
  }
}

TEST(ReportData, CountsAndChooses) {
  ReportData data(0.5, 10);
  for (std::uint64_t i = 0; i < 100; ++i) {
    data.add(decision_of(i, 0.3 + 0.001 * static_cast<double>(i), i % 2 == 0 ? 1.0 : 0.0, 0.5));
  }
  EXPECT_EQ(data.images(Outcome::replaced), 50U);
  EXPECT_EQ(data.images(Outcome::none_stays), 50U);
  EXPECT_EQ(data.counts(TextSource::web).kept, 0U);
  EXPECT_EQ(data.counts(TextSource::synthetic).kept, 50U);
  EXPECT_EQ(data.counts(TextSource::synthetic).histogram.front(), 50U);
  EXPECT_EQ(data.counts(TextSource::synthetic).histogram.back(), 50U);
  EXPECT_EQ(data.examples(Outcome::replaced).chosen().size(), 2U);
  // Nearest the threshold are the last ones.
  EXPECT_EQ(data.borderline().chosen().at(0).second.image, 99U);
  EXPECT_EQ(data.borderline().chosen().at(1).second.image, 98U);
}

TEST(ReportPage, ShowsTextsAsText) {
  ReportData data(0.5, 100);
  ImageDecision hostile = decision_of(0, 0.9, 0.1, 0.5);
  hostile.texts[0].text = "</p><script>alert(1)</script><img src=x onerror='alert(2)'>\" & \x01";
  hostile.key = "\"><script>";
  data.add(hostile);
  const std::string page = report_page(
      {.captioner = "<i>", .filter = "f", .sampling = "s", .threshold = 0.5}, data, no_thumbnail);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<img src=x")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)"));
  EXPECT_THAT(page, HasSubstr("onerror=&#39;alert(2)&#39;"));
  EXPECT_THAT(page, HasSubstr("<b>&lt;i&gt;</b>"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(ReportPage, SaysWhy) {
  ReportData data(0.5, 100);
  data.add(decision_of(0, 0.25, 0.75, 0.5));
  const std::string page = report_page(
      {.captioner = "c", .filter = "f", .sampling = "s", .threshold = 0.5}, data, no_thumbnail);
  EXPECT_THAT(page, HasSubstr("dropped · 0.250 &lt; 0.5"));
  EXPECT_THAT(page, HasSubstr("kept · 0.750 ≥ 0.5"));
  EXPECT_THAT(page, HasSubstr("takes the place of the web’s"));
  EXPECT_THAT(page, Not(HasSubstr("Nothing stays")));
}

TEST(HtmlText, CutsBetweenCharacters) {
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("abcd", 3), "abc…");
  EXPECT_EQ(shortened("aüb", 2), "a…");
}

TEST(HtmlText, EncodesBytes) {
  const auto encoded = [](std::string_view text) {
    return base64(std::as_bytes(std::span(text.data(), text.size())));
  };
  EXPECT_EQ(encoded(""), "");
  EXPECT_EQ(encoded("f"), "Zg==");
  EXPECT_EQ(encoded("fo"), "Zm8=");
  EXPECT_EQ(encoded("foobar"), "Zm9vYmFy");
}

}  // namespace
}  // namespace blip::train
