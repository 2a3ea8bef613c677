/* blip.h: blip.cpp for C and for every language that can call C.
 *
 *   blip_error *error = NULL;
 *   blip_model *model = NULL;
 *   blip_model_open("nano-captioning", NULL, &model, &error);
 *   blip_context *context = NULL;
 *   blip_context_new(NULL, &context, &error);
 *   blip_image *image = NULL;
 *   blip_image_open("photo.jpg", NULL, &image, &error);
 *   blip_encoded_image *encoded = NULL;
 *   blip_encode_image(model, image, context, &encoded, &error);
 *   blip_texts *captions = NULL;
 *   blip_caption(model, encoded, NULL, NULL, context, &captions, &error);
 *   puts(blip_texts_get(captions, 0));
 *
 * Rules that hold everywhere:
 *
 * - Functions that can fail return a blip_status and take a `blip_error **`. On failure they set
 *   it, unless it is NULL, and leave the result as it was. On success they leave it alone. The
 *   caller frees the error. Nothing is ever thrown, printed or exited; there is nothing to log.
 * - Strings are UTF-8 and end with a zero; paths are what the system calls them. Bytes of a text
 *   that are no UTF-8 are read as U+FFFD. Strings that are returned belong to the object they came
 *   from and live as long as it does.
 * - Handles are freed by their own `_free` function, which accepts NULL. An object keeps alive what
 *   it needs of others, so handles may be freed in any order.
 * - A model and an image may be used by many threads at once. A context serves one call at a time:
 *   make one for each thread.
 * - Structs of options begin with their size, which `_default()` sets. That is how a newer library
 *   tells what a program that was compiled with an older header knows of. Fields are only ever
 * added at the end, symbols never change their meaning.
 */
#ifndef BLIP_H
#define BLIP_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define BLIP_C_API __attribute__((visibility("default")))
#else
#define BLIP_C_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The library ---------------------------------------------------------------------------- */

/* Raised whenever a function or a field is added. */
#define BLIP_C_API_VERSION 1

/* The version of the library that is running, "0.1.0". */
BLIP_C_API const char* blip_version(void);
/* Its BLIP_C_API_VERSION, which is at least that of the header if the program could be linked. */
BLIP_C_API int32_t blip_c_api_version(void);

/* ---- Errors --------------------------------------------------------------------------------- */

typedef enum blip_status {
  BLIP_OK = 0,
  BLIP_ERROR_NOT_FOUND = 1,        /* a file, a directory or a model that does not exist */
  BLIP_ERROR_UNREADABLE = 2,       /* it exists, but the system refuses to open, map or read it */
  BLIP_ERROR_MALFORMED = 3,        /* its bytes are not what its format promises */
  BLIP_ERROR_UNSUPPORTED = 4,      /* well formed, but this library or this model cannot do that */
  BLIP_ERROR_MISSING_TENSOR = 5,   /* the checkpoint lacks a tensor that the architecture needs */
  BLIP_ERROR_SHAPE_MISMATCH = 6,   /* a tensor's shape contradicts the configuration */
  BLIP_ERROR_LIMIT_EXCEEDED = 7,   /* larger than a documented limit */
  BLIP_ERROR_INVALID_ARGUMENT = 8, /* an option or argument is NULL or out of range */
  BLIP_ERROR_CANCELLED = 9,        /* a callback asked to stop */
  BLIP_ERROR_NETWORK = 10,         /* a server that cannot be reached, refuses, or breaks off */
  BLIP_ERROR_OUT_OF_MEMORY = 11,
  BLIP_ERROR_INTERNAL = 12 /* a fault of the library */
} blip_status;

typedef struct blip_error blip_error;

BLIP_C_API blip_status blip_error_status(const blip_error* error);
/* One line that names the file, tensor or option and the cause. */
BLIP_C_API const char* blip_error_message(const blip_error* error);
BLIP_C_API void blip_error_free(blip_error* error);

/* ---- Context: threads and working memory of one call at a time ------------------------------- */

typedef struct blip_context blip_context;

typedef struct blip_context_options {
  size_t struct_size;
  int32_t num_threads; /* the calling one included; 0: one per core that this process may use */
} blip_context_options;

BLIP_C_API blip_context_options blip_context_options_default(void);
/* options: NULL for the defaults, here and below. */
BLIP_C_API blip_status blip_context_new(const blip_context_options* options, blip_context** context,
                                        blip_error** error);
BLIP_C_API int32_t blip_context_num_threads(const blip_context* context);
BLIP_C_API void blip_context_free(blip_context* context);

/* ---- Models --------------------------------------------------------------------------------- */

typedef struct blip_model blip_model;

typedef enum blip_weight_type {
  BLIP_WEIGHTS_STORED = 0, /* as the checkpoint has them, used in place */
  BLIP_WEIGHTS_F32 = 1,
  BLIP_WEIGHTS_F16 = 2,
  BLIP_WEIGHTS_BF16 = 3,
  BLIP_WEIGHTS_I8 = 4 /* about a quarter of the memory of F32, and faster */
} blip_weight_type;

typedef enum blip_task {
  BLIP_TASK_CAPTION = 0,
  BLIP_TASK_ANSWER = 1,
  BLIP_TASK_MATCH = 2, /* a probability that text and image belong together: a matching head */
  BLIP_TASK_EMBED_IMAGE = 3,
  BLIP_TASK_EMBED_TEXT = 4,
  BLIP_TASK_CLASSIFY = 5
} blip_task;

/* Told while a model's files are downloaded. Returning 0 cancels. total: 0 if it is not known. */
typedef int32_t (*blip_download_callback)(void* user_data, const char* file, uint64_t received,
                                          uint64_t total);

typedef struct blip_model_options {
  size_t struct_size;
  blip_weight_type weight_type;
  const char* adapter;   /* a LoRA adapter of PEFT, merged into the weights; NULL: none */
  const char* processor; /* a model whose tokenizer and preprocessing are used; NULL: its own */
  int32_t offline;       /* 1: never use the network; 0: may; -1: as $HF_HUB_OFFLINE says */
  blip_download_callback on_download; /* NULL: nobody is told */
  void* user_data;                    /* given to the callback */
} blip_model_options;

BLIP_C_API blip_model_options blip_model_options_default(void);
/* model: a directory, a checkpoint file, a hub id or the name of a bundled model. */
BLIP_C_API blip_status blip_model_open(const char* model, const blip_model_options* options,
                                       blip_model** result, blip_error** error);
/* The class that was loaded, by transformers' name: "BlipForConditionalGeneration". */
BLIP_C_API const char* blip_model_architecture(const blip_model* model);
/* Whether it can do a task: 1 or 0. */
BLIP_C_API int32_t blip_model_can(const blip_model* model, blip_task task);
/* D, the numbers of an embedding; 0 if it makes none. */
BLIP_C_API int32_t blip_model_embedding_size(const blip_model* model);
/* The names of its classes; 0 and NULL if it has none. */
BLIP_C_API size_t blip_model_num_labels(const blip_model* model);
BLIP_C_API const char* blip_model_label(const blip_model* model, size_t label);
BLIP_C_API void blip_model_free(blip_model* model);

/* ---- Images --------------------------------------------------------------------------------- */

/* 8-bit RGB. */
typedef struct blip_image blip_image;

typedef struct blip_image_options {
  size_t struct_size;
  int32_t apply_exif_orientation; /* 1: photos are turned upright by their EXIF tag (default) */
  int32_t blend_transparency;     /* 1: transparent pixels show the background (default) */
  uint8_t background[4];          /* R, G, B and one byte that is not used; white */
  int64_t max_pixels;             /* larger pictures are refused before they are decoded */
} blip_image_options;

BLIP_C_API blip_image_options blip_image_options_default(void);
BLIP_C_API blip_status blip_image_open(const char* path, const blip_image_options* options,
                                       blip_image** image, blip_error** error);
/* The bytes of a picture file. They are not needed any more when the call returns. */
BLIP_C_API blip_status blip_image_decode(const void* bytes, size_t size,
                                         const blip_image_options* options, blip_image** image,
                                         blip_error** error);
/* Pixels R G B, rows from top to bottom, `stride` bytes from one row to the next (0: 3 * width).
 * They are copied. */
BLIP_C_API blip_status blip_image_from_rgb(const uint8_t* pixels, int32_t width, int32_t height,
                                           size_t stride, blip_image** image, blip_error** error);
BLIP_C_API int32_t blip_image_width(const blip_image* image);
BLIP_C_API int32_t blip_image_height(const blip_image* image);
/* [height, width, 3] */
BLIP_C_API const uint8_t* blip_image_pixels(const blip_image* image);
BLIP_C_API void blip_image_free(blip_image* image);

/* An image as a model has read it, for any number of captions, questions, texts and embeddings of
 * that very handle: another one, also of the same files, refuses it with
 * BLIP_ERROR_INVALID_ARGUMENT. May be used by many threads at once. */
typedef struct blip_encoded_image blip_encoded_image;

BLIP_C_API blip_status blip_encode_image(const blip_model* model, const blip_image* image,
                                         blip_context* context, blip_encoded_image** encoded,
                                         blip_error** error);
/* Several images in one pass: encoded[num_images] is the caller's. All or none is made. */
BLIP_C_API blip_status blip_encode_images(const blip_model* model, const blip_image* const* images,
                                          size_t num_images, blip_context* context,
                                          blip_encoded_image** encoded, blip_error** error);
BLIP_C_API void blip_encoded_image_free(blip_encoded_image* encoded);

/* ---- Text of images ------------------------------------------------------------------------- */

/* A piece of the first text, as soon as it will not change any more; all pieces together are the
 * text. Beam search tells it when it is finished. `piece` is not ended by a zero. */
typedef void (*blip_text_callback)(void* user_data, const char* piece, size_t size);
/* Asked after every step of the decoder; 1 stops the call (BLIP_ERROR_CANCELLED). */
typedef int32_t (*blip_cancel_callback)(void* user_data);

/* transformers' names and defaults. INT32_MIN, NAN and a negative seed stand for "not set"; that is
 * what _default() gives. */
typedef struct blip_generation_options {
  size_t struct_size;
  int32_t max_length;     /* in tokens, start token and prompt included */
  int32_t max_new_tokens; /* generated only */
  int32_t min_length;
  int32_t min_new_tokens;
  int32_t num_beams; /* 1: greedy search, or sampling */
  int32_t num_return_sequences;
  int32_t no_repeat_ngram_size;
  int32_t do_sample; /* 0 or 1 */
  int32_t top_k;
  float top_p;
  float temperature;
  float length_penalty;
  float repetition_penalty;
  int64_t seed; /* the same seed gives the same text */
  blip_text_callback on_text;
  blip_cancel_callback should_cancel;
  void* user_data; /* given to both callbacks */
} blip_generation_options;

BLIP_C_API blip_generation_options blip_generation_options_default(void);

/* Texts, the best first. */
typedef struct blip_texts blip_texts;

/* prompt: how the caption begins; NULL: freely. */
BLIP_C_API blip_status blip_caption(const blip_model* model, const blip_encoded_image* image,
                                    const char* prompt, const blip_generation_options* options,
                                    blip_context* context, blip_texts** captions,
                                    blip_error** error);
BLIP_C_API blip_status blip_answer(const blip_model* model, const blip_encoded_image* image,
                                   const char* question, const blip_generation_options* options,
                                   blip_context* context, blip_texts** answers, blip_error** error);
BLIP_C_API size_t blip_texts_count(const blip_texts* texts);
/* NULL beyond the last one. */
BLIP_C_API const char* blip_texts_get(const blip_texts* texts, size_t index);
/* The summed log-probability of its tokens; NAN beyond the last one. */
BLIP_C_API float blip_texts_log_probability(const blip_texts* texts, size_t index);
BLIP_C_API void blip_texts_free(blip_texts* texts);

/* ---- Images and texts ----------------------------------------------------------------------- */

typedef struct blip_match_result {
  float itm; /* the probability that they belong together; NAN for a model without matching head */
  float itc; /* the cosine of the embeddings */
} blip_match_result;

/* One image with each of the texts: results[num_texts] is the caller's. */
BLIP_C_API blip_status blip_match(const blip_model* model, const blip_encoded_image* image,
                                  const char* const* texts, size_t num_texts, blip_context* context,
                                  blip_match_result* results, blip_error** error);
/* embedding[blip_model_embedding_size(model)] is the caller's; of unit length. */
BLIP_C_API blip_status blip_embed_image(const blip_model* model, const blip_encoded_image* image,
                                        blip_context* context, float* embedding,
                                        blip_error** error);
/* embeddings[num_texts * blip_model_embedding_size(model)], one row after the other. */
BLIP_C_API blip_status blip_embed_texts(const blip_model* model, const char* const* texts,
                                        size_t num_texts, blip_context* context, float* embeddings,
                                        blip_error** error);
/* scores[blip_model_num_labels(model)]: the probability of every class. */
BLIP_C_API blip_status blip_classify(const blip_model* model, const blip_encoded_image* image,
                                     blip_context* context, float* scores, blip_error** error);

#ifdef __cplusplus
}
#endif

#endif
