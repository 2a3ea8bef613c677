// What the program knows of a family of models (all that share a model_type) and of its classes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "architectures/expected_tensors.hpp"
#include "blip/generation.hpp"
#include "blip/image_processor_config.hpp"
#include "blip/load_options.hpp"
#include "blip/tokenizer.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/original_names.hpp"
#include "checkpoint/parted_weights.hpp"
#include "hub/model_files.hpp"
#include "image/image_processor.hpp"

namespace blip {

class DualEncoder;      // tasks/dual_encoder.hpp
class ImageClassifier;  // tasks/image_classifier.hpp
enum class MatchingHead;

/// What a model can be used for.
enum class Task { caption, answer, match, embed, rank, reason, classify, draw };

/// A class of transformers, and what tells its checkpoints.
struct Architecture {
  const char* name;     ///< as "architectures" of config.json has it
  const char* purpose;  ///< "a NAME, which …", for messages
  std::span<const Task> tasks;
  const char* marker;  ///< a tensor that only checkpoints fit for this class have
  /// The marker alone tells. If not, a checkpoint whose config.json names another class is not
  /// taken for this one, nor the other way round: it has the same tensors for another use.
  bool marker_suffices = true;
};

/// A part of a model's configuration, for people.
struct ConfigPart {
  std::string name;     ///< "vision"
  std::string summary;  ///< "384 px, patch 16; 12 layers, …"
  std::vector<std::pair<std::string, std::int64_t>> fields =
      {};  ///< the same by transformers' names
};

struct ModelDescription {
  std::string architecture;  ///< that the configuration names; may be empty
  std::vector<ConfigPart> parts;
  /// Whose names of tensors and files the model comes in, "open_clip"; empty: transformers'.
  std::string layout = {};
};

/// A file that a tokenizer comes in, and the name that a converted model has it by.
struct TokenizerSource {
  std::filesystem::path file;
  const char* name;
};

/// Functions take the resolved path of a model directory or a checkpoint file, and throw what
/// reading its files throws.
struct ModelFamily {
  const char* model_type;  ///< of config.json
  std::span<const Architecture* const> architectures;
  const OriginalNames* original_names;  ///< null: there are no others
  /// Beside the weights; which of them are there differs from model to model.
  std::span<const char* const> tokenizer_files;

  /// The class a model is of, by its config.json, or by its tensors if it lacks that.
  const Architecture& (*architecture_of)(const std::filesystem::path& model);
  ModelDescription (*describe)(const std::filesystem::path& model);
  /// Every tensor of that class, told from the configuration.
  std::vector<ExpectedTensor> (*expected_tensors)(const std::filesystem::path& model);
  /// Every tensor of any class of the family: a checkpoint of pre-training serves several, and its
  /// configuration names one.
  std::vector<ExpectedTensor> (*tensors_of_all_classes)(const std::filesystem::path& model);
  /// Whether a checkpoint without config.json is of this family.
  bool (*has_made)(const Checkpoint& checkpoint);
  /// The class that a checkpoint's tensors tell.
  const Architecture& (*infer_architecture)(const Checkpoint& checkpoint);
  /// config.json of a checkpoint without one. Null: has_made is always false.
  std::string (*inferred_config)(const Checkpoint& checkpoint);
  /// The generation settings that are stored with a model. Null: there is nothing to generate.
  GenerationOptions (*generation_settings)(const std::filesystem::path& model);

  /// What its images go through, for people and for files. Null, both: it reads no images.
  ImageProcessorConfig (*image_processor_config)(const std::filesystem::path& model);
  std::shared_ptr<const ImageProcessor> (*open_image_processor)(const std::filesystem::path& model);
  /// The tokenizer of `model`, or that of `processor`, another model, unless it is empty. Null: the
  /// family reads no texts.
  std::shared_ptr<const Tokenizer> (*open_tokenizer)(const std::filesystem::path& model,
                                                     const std::filesystem::path& processor);
  /// Where the files of a model's tokenizer are, if there are any. Null: beside the model.
  std::optional<std::filesystem::path> (*tokenizer_directory)(const std::filesystem::path& model) =
      nullptr;
  /// Null: the family has no dual encoder. It is defined beside the classes, in tasks/, and only
  /// declared by the family, so that includes point one way.
  std::shared_ptr<const DualEncoder> (*open_dual_encoder)(
      const std::filesystem::path& model, std::shared_ptr<const Tokenizer> tokenizer,
      const LoadOptions& options, MatchingHead matching_head);
  /// Null: the family has no classifier. Defined as the above.
  std::shared_ptr<const ImageClassifier> (*open_image_classifier)(
      const std::filesystem::path& model, const LoadOptions& options);
  /// The model_type of a relative that architecture_of refuses, saying why. Null: there is none.
  const char* refused_model_type = nullptr;
  /// The files of its tokenizer, where their names are not always `tokenizer_files`. Null: they
  /// are.
  std::vector<TokenizerSource> (*tokenizer_sources)(const std::filesystem::path& model) = nullptr;
  /// Of models whose weights are in several files without an index.
  std::span<const PartedWeights> parted_weights = {};
  /// Where the hub has such weights. Null: it has them in one of kWeightsFiles.
  const hub::FamilyWeights* hub_weights = nullptr;
};

}  // namespace blip
