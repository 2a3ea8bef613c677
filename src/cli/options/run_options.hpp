// The options that commands share: which images, which model, where results go.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/images/picture_reader.hpp"
#include "app/records/record_sink.hpp"
#include "blip/load_options.hpp"
#include "cli/input/input_list.hpp"
#include "cli/options/option_parser.hpp"

namespace blip::cli {

// Each group is declared before the command line is parsed and resolved after it: then its values
// are checked and there. Both throw UsageError where the user is at fault.

class InputOptions {
 public:
  /// `positional` is the name of the words that are no options ("IMAGE"), `description` what is
  /// said of them before the endings of images are listed. `sharded`: whether there is --shard.
  void declare(OptionParser& app, const std::string& positional, const std::string& description,
               bool sharded);
  /// The part of it about how pictures are read, for commands whose images are given in another
  /// way.
  void declare_reading(OptionParser& app);
  void resolve();

  /// Throws UsageError if there is no image, `command` being where to look for help.
  void require_images(std::string_view command) const;
  /// Whether results need no name beside them: a lone picture, which neither a folder nor a list
  /// is.
  [[nodiscard]] bool names_one_image() const;

  InputSelection selection;
  app::PictureOptions pictures;

 private:
  std::string shard_;
  bool null_separated_ = false;
  bool no_exif_rotation_ = false;
  std::string background_;
  std::string max_pixels_;
};

class ModelOptions {
 public:
  /// `fallback` is the model if none is named; there has to be one named if it is empty.
  explicit ModelOptions(std::string_view fallback) : fallback_(fallback) {}

  /// `batched`: whether there is --batch.
  void declare(OptionParser& app, bool batched);
  void resolve();

  std::string name;
  std::string processor;  ///< a model whose tokenizer and preprocessing are used; empty: its own
  WeightType weight_type = WeightType::stored;
  std::optional<int> image_size;  ///< instead of the model's own
  int batch = 8;
  int threads = 0;  ///< 0: one per core

 private:
  std::string fallback_;
  std::string dtype_ = "stored";
  std::string instruction_set_;
};

class OutputOptions {
 public:
  /// `formats` by their names, the first being the one that is used if nothing says otherwise.
  /// `resuming` explains --resume; without it there is none.
  void declare(OptionParser& app, const std::vector<std::string>& formats,
               std::string_view resuming = {});
  void resolve();

  app::Format format = app::Format::text;
  std::string file;  ///< empty: standard output
  bool resume = false;
  bool force = false;  ///< whatever the options were that `file` was made with
  /// The options that decide what records say, as they were given.
  std::map<std::string, std::string> settings;
  bool quiet = false;

 private:
  const OptionParser* parser_ = nullptr;  // until they are resolved
  std::vector<std::string> formats_;
  std::string format_;
};

/// The formats of records.
inline const std::vector<std::string>& record_formats() {
  static const std::vector<std::string> kRecordFormats = {"text", "json", "jsonl", "csv"};
  return kRecordFormats;
}

}  // namespace blip::cli
