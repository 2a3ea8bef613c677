#include "architectures/blip/architectures.hpp"

#include "architectures/blip/tensors.hpp"
#include "blip/error.hpp"
#include "core/in_quotes.hpp"

namespace blip {
namespace {

constexpr std::array kCaptions = {Task::caption};
constexpr std::array kAnswers = {Task::answer};
constexpr std::array kMatches = {Task::match, Task::embed, Task::rank};
constexpr std::array kReasons = {Task::reason};
constexpr std::array kEmbeds = {Task::embed};

}  // namespace

constinit const BlipArchitecture kBlipForConditionalGeneration = {
    {.name = "BlipForConditionalGeneration",
     .purpose = "describes images",
     .tasks = kCaptions,
     .marker = "text_decoder.bert.embeddings.word_embeddings.weight"},
    "text_decoder.bert.",
    add_captioning_tensors};

constinit const BlipArchitecture kBlipForQuestionAnswering = {
    {.name = "BlipForQuestionAnswering",
     .purpose = "answers questions about images",
     .tasks = kAnswers,
     .marker = "text_encoder.embeddings.word_embeddings.weight",
     // A checkpoint of pre-training serves several classes. But a decoder that answers reads a
     // question's states and one that captions an image's: the text would be nonsense.
     .marker_suffices = false},
    "text_encoder.",
    add_answering_tensors};

constinit const BlipArchitecture kBlipForImageTextRetrieval = {
    {.name = "BlipForImageTextRetrieval",
     .purpose = "matches images and texts",
     .tasks = kMatches,
     .marker = "itm_head.weight"},
    "text_encoder.",
    add_retrieval_tensors};

constinit const BlipArchitecture kBlipForNLVR = {{.name = "BlipForNLVR",
                                                  .purpose = "judges statements about two images",
                                                  .tasks = kReasons,
                                                  .marker = "cls_head.0.weight"},
                                                 "text_encoder.",
                                                 add_reasoning_tensors};

constinit const BlipArchitecture kBlipModel = {{.name = "BlipModel",
                                                .purpose = "embeds images and texts",
                                                .tasks = kEmbeds,
                                                .marker = "visual_projection.weight"},
                                               "text_model.",
                                               add_embedding_tensors};

std::span<const BlipArchitecture* const> blip_architectures() {
  static constexpr std::array kAll = {&kBlipForConditionalGeneration, &kBlipForQuestionAnswering,
                                      &kBlipForImageTextRetrieval, &kBlipForNLVR, &kBlipModel};
  return kAll;
}

const BlipArchitecture& blip_architecture(std::string_view name) {
  if (name.empty()) return kBlipForConditionalGeneration;
  for (const BlipArchitecture* architecture : blip_architectures()) {
    if (architecture->name == name) return *architecture;
  }
  throw Error(ErrorCode::unsupported, in_quotes(name) + " is not an architecture of BLIP");
}

}  // namespace blip
