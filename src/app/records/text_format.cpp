#include "app/records/record_format.hpp"

namespace blip::app {
namespace {

class TextFormat final : public RecordFormat {
 public:
  using RecordFormat::RecordFormat;

  [[nodiscard]] std::string header() const override { return schema().text_heading; }

  [[nodiscard]] std::string body(const Record& record) const override {
    std::string lines;
    for (const Finding& finding : record.findings) {
      for (const Result& result : finding.results) {
        if (schema().text_with_path) lines += printable(record.path) + ": ";
        lines += printable(result.line) + "\n";
      }
    }
    return lines;
  }

  [[nodiscard]] std::string path_as_written(std::string_view path) const override {
    return printable(path);
  }

  // A path may itself hold ": ", so every split is a possible one; asking for a path that merely
  // begins another's line is the rarer mistake.
  [[nodiscard]] std::optional<WrittenRecord> parse(const std::string& record) const override {
    WrittenRecord written;
    for (std::size_t at = record.find(": "); at != std::string::npos;
         at = record.find(": ", at + 1)) {
      if (at > 0) written.paths.push_back(record.substr(0, at));
    }
    if (written.paths.empty()) return std::nullopt;
    return written;
  }
};

}  // namespace

std::unique_ptr<RecordFormat> text_format(RecordSchema schema) {
  return std::make_unique<TextFormat>(std::move(schema));
}

}  // namespace blip::app
