// The options that commands share: which images, which model, where results go.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/images/picture_reader.hpp"
#include "app/records/record_sink.hpp"
#include "app/sidecars/sidecar_writer.hpp"
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
  /// Parts of it, for commands whose images are given in another way: lists of them, and how they
  /// are read.
  void declare_list(OptionParser& app);
  void declare_reading(OptionParser& app);
  void resolve();

  /// Whether images come from a list.
  [[nodiscard]] bool has_list() const { return !selection.list.empty(); }
  /// Throws UsageError if there is no image, `command` being where to look for help.
  void require_images(std::string_view command) const;
  /// Whether results need no name beside them: a lone picture, which neither a folder nor a list
  /// is.
  [[nodiscard]] bool names_one_image() const;
  /// Whether each image has a text of its own, as selection.columns say.
  [[nodiscard]] bool has_texts() const {
    return selection.list_format != ListFormat::names && !selection.columns.text.empty();
  }

  InputSelection selection;
  app::PictureOptions pictures;

 private:
  std::string shard_;
  std::string list_format_;
  bool null_separated_ = false;
  bool no_exif_rotation_ = false;
  std::string background_;
  std::string max_pixels_;
};

/// --adapter, for commands that take a model.
void declare_adapter(OptionParser& app, std::string& adapter);

/// Of --dtype; "auto" measures.
inline const std::vector<std::string>& weight_type_names() {
  static const std::vector<std::string> kNames = {"auto", "stored", "f32", "f16", "bf16", "int8"};
  return kNames;
}
WeightType weight_type_of(const std::string& dtype);

class ModelOptions {
 public:
  /// `fallback` is the model if none is named; there has to be one named if it is empty.
  explicit ModelOptions(std::string_view fallback) : fallback_(fallback) {}

  /// `batched`: whether there is --batch; `reads_images`: whether there is --image-size.
  void declare(OptionParser& app, bool batched, bool reads_images = true);
  void resolve();

  std::string name;
  std::string adapter;    ///< a LoRA adapter of PEFT that is merged in; empty: none
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

/// One text file for each image.
struct SidecarPlan {
  std::string ending;               ///< ".txt"
  std::filesystem::path directory;  ///< empty: beside the images
  app::SidecarOptions options;
  bool tells_of_kept = true;  ///< whether to say that files were there already and stayed
};

class OutputOptions {
 public:
  /// `formats` by their names, the first being the one that is used if nothing says otherwise.
  /// `resuming` explains --resume; without it there is none.
  void declare(OptionParser& app, const std::vector<std::string>& formats,
               std::string_view resuming = {});
  void resolve();
  /// Whether results are written in a form that has scores beside the texts.
  [[nodiscard]] bool tells_scores() const { return records && format != app::Format::text; }

  app::Format format = app::Format::text;
  std::string file;     ///< empty: standard output
  bool records = true;  ///< off where results go to text files beside the images alone
  std::optional<SidecarPlan> sidecars = {};
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
