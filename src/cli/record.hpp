// Record: what became of one input, and how it is written in each format.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blip::cli {

enum class Format { text, json, jsonl, csv };

struct Record {
  std::string path;                   ///< as it was named; any bytes
  std::vector<std::string> captions;  ///< best first; empty if it failed
  std::string error;                  ///< the cause, without the path
};

/// `bytes` with every byte that is not UTF-8 replaced by U+FFFD, since JSON and CSV readers demand
/// UTF-8 of paths that need not be.
std::string to_utf8(std::string_view bytes);

/// A path as records of `format` show it; what tells on resuming whether an input is done.
std::string path_in(Format format, std::string_view path);

/// {"path": …, "caption": …} (with "captions" if there are several) or {"path": …, "error": …}.
std::string to_json(const Record& record);

/// Rows "path,caption,error" by RFC 4180, one per caption.
std::string to_csv(const Record& record);
inline constexpr std::string_view kCsvHeader = "path,caption,error\r\n";

/// Lines "path: caption", one per caption, or the captions alone; none for a failure, which stderr
/// tells.
std::string to_text(const Record& record, bool with_path);

}  // namespace blip::cli
