// Generated from the server's OpenAPI document by `npm run generate`; do not edit.

export interface paths {
    "/api/v1/runs/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Group Runs
         * @description Runs grouped by fields of their specs, each group with statistics of its metrics.
         *
         *     Only runs that succeeded are averaged; all others are counted. At most 2,000 runs.
         */
        post: operations["group_runs"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/differences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Compare Specs
         * @description The fields in which the specs of some runs differ, and their values.
         */
        get: operations["compare_specs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/overlays": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Overlay Curves
         * @description Metrics of up to 200 runs, each thinned out to its ends and the extremes between.
         *
         *     Runs that have ended are prepared; it takes a while where many are not yet, and then the
         *     answer names those that are left as pending.
         */
        post: operations["overlay_curves"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Runs
         * @description Runs, newest first.
         *
         *     Archived ones are left out unless they are asked for: by `archived`, by a filter that compares
         *     the field `archived`, or as runs of one study.
         */
        get: operations["list_runs"];
        put?: never;
        /**
         * Create Run
         * @description Queue one run.
         */
        post: operations["create_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Plan Run
         * @description Say what a run document would queue and what the run will need; queue nothing.
         */
        post: operations["plan_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Run
         * @description One run with its attempts and the model it made.
         */
        get: operations["get_run"];
        put?: never;
        post?: never;
        /**
         * Delete Run
         * @description Delete a run that has ended, with its model; it can be restored until it is purged.
         */
        delete: operations["delete_run"];
        options?: never;
        head?: never;
        /**
         * Change Run
         * @description Change what people call a run and write about it; what is left out stays as it is.
         */
        patch: operations["change_run"];
        trace?: never;
    };
    "/api/v1/runs/{run_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel Run
         * @description Cancel a run: at once when it waits, at its next step when it is running.
         */
        post: operations["cancel_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry Run
         * @description Queue a failed or cancelled run again; it goes on from its last checkpoint.
         */
        post: operations["retry_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restore Run
         * @description Bring a deleted run back, with its files and its model.
         */
        post: operations["restore_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Log
         * @description The newest lines of a run's log, or those after a line.
         */
        get: operations["read_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/artifacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Artifacts
         * @description Files of a run, oldest first.
         */
        get: operations["list_artifacts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/scripts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin Script Run
         * @description Begin a run that a script of one's own trains: no worker claims it.
         *
         *     Sent again with the same `id`, or the same key, it begins nothing twice.
         */
        post: operations["begin_script_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/beat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Beat Script Run
         * @description Say that the script of a run is at work, and learn whether it should go on.
         *
         *     A run that was taken for lost goes on.
         */
        post: operations["beat_script_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Finish Script Run
         * @description End the run of a script. The first end stands, unless the run was only taken for lost.
         */
        post: operations["finish_script_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Metrics
         * @description Metrics of a run; a thinned series keeps its ends and the extremes between.
         */
        get: operations["read_metrics"];
        put?: never;
        /**
         * Write Metrics
         * @description Write metrics; a (name, step) that exists is replaced.
         *
         *     Own scripts write to a run that has ended, and to one of their own at any time; else they are
         *     refused with 409.
         */
        post: operations["write_metrics"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/histograms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Histograms
         * @description Distributions of amplitudes and membranes of a run, epoch by epoch.
         */
        get: operations["read_histograms"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/studies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Studies
         * @description Studies, newest first; archived ones are left out unless they are asked for.
         */
        get: operations["list_studies"];
        put?: never;
        /**
         * Create Study
         * @description Queue every run of a study document.
         */
        post: operations["create_study"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/studies/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Plan Study
         * @description Say what a study document would queue and what its runs will need; queue nothing.
         */
        post: operations["plan_study"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/studies/{study_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Study
         * @description One study and where it stands.
         */
        get: operations["get_study"];
        put?: never;
        post?: never;
        /**
         * Delete Study
         * @description Delete a study whose runs have all ended, with its runs and models, until it is purged.
         */
        delete: operations["delete_study"];
        options?: never;
        head?: never;
        /**
         * Change Study
         * @description Change how a study's runs queue, what people call it, or what they write about it.
         */
        patch: operations["change_study"];
        trace?: never;
    };
    "/api/v1/studies/{study_id}/table": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Study Table
         * @description The comparison table: one row a combination of levels, failed runs counted beside.
         */
        get: operations["get_study_table"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/studies/{study_id}/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Study Report
         * @description The comparison table with verdicts, notes and references, to be put into a paper or sent on.
         *
         *     The table as JSON is what `/table` answers.
         */
        get: operations["get_study_report"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/studies/{study_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel Study
         * @description Cancel every open run of a study.
         */
        post: operations["cancel_study"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/studies/{study_id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause Study
         * @description Let no further run of a study begin; those that run go on to their end.
         */
        post: operations["pause_study"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/studies/{study_id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume Study
         * @description Go on with a paused study.
         */
        post: operations["resume_study"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/studies/{study_id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restore Study
         * @description Bring a deleted study back, with the runs and models that were deleted with it.
         */
        post: operations["restore_study"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/studies/{study_id}/rerun": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rerun Study
         * @description Queue the failed or cancelled runs of a study again, as a retry of each one would.
         *
         *     They go on from their last checkpoints; attempts and what was measured are kept.
         */
        post: operations["rerun_study"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/studies/{study_id}/seeds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add Study Seeds
         * @description Give a study more seeds: every cell that lacks a run with one of them gets it.
         *
         *     Seeds that are named twice, in one request or in two, make nothing twice; with `count` an
         *     Idempotency-Key does that, and the second answer counts no run.
         */
        post: operations["add_study_seeds"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/studies/{study_id}/seeds/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Plan Study Seeds
         * @description Say what more seeds would queue, and queue nothing.
         */
        post: operations["plan_study_seeds"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/studies/{study_id}/best": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Study Best
         * @description The best run of a study, or with several objectives its Pareto front.
         *
         *     Runs that failed or were stopped early are counted and never best. Each setting of a sweep was
         *     tried once, so the best of many looks better than it is.
         */
        get: operations["get_study_best"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/studies/{study_id}/importance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Study Importance
         * @description Which parameters mattered: the share of the metric's variance that each explains.
         */
        get: operations["get_study_importance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/experiments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Experiments
         * @description Experiments, the one with the newest activity first.
         */
        get: operations["list_experiments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Models
         * @description Folded models, newest first.
         */
        get: operations["list_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/{model_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Model
         * @description One folded model with its files.
         */
        get: operations["get_model"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/{model_id}/certificate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Certificate
         * @description The certificate: what was compared, on how many samples, and how far apart it was.
         */
        get: operations["get_certificate"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/{model_id}/files/{kind}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download Model File
         * @description Download a file of a model by its kind, for example onnx.
         */
        get: operations["download_model_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/{model_id}/samples": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Samples
         * @description A few held-out samples with labels, to try the model on.
         */
        get: operations["get_samples"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/{model_id}/predict": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Predict
         * @description Classify images or recordings of events with the folded network.
         */
        post: operations["predict"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/artifacts/{artifact_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download Artifact
         * @description Download a stored file; takes Range, If-Range and If-None-Match.
         */
        get: operations["download_artifact"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run_id}/files/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Put Run File
         * @description Add a file to a run that no worker trains.
         *
         *     The same bytes again change nothing; other bytes under the same name replace the file, which
         *     then has a new id.
         */
        put: operations["put_run_file"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/datasets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Datasets
         * @description All data sets that specs may name.
         */
        get: operations["list_datasets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/datasets/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Dataset
         * @description One data set: who has it, and what to do when nobody does.
         */
        get: operations["get_dataset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/datasets/{name}/files/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Put Dataset File
         * @description Bring a file of a data set to the server; its size and MD5 must be the published ones.
         *
         *     It goes to the disk as it arrives, so its size is limited by its own alone.
         */
        put: operations["put_dataset_file"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Workers
         * @description Worker processes, the live ones first.
         */
        get: operations["list_workers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers/{worker_id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Release Worker
         * @description Let a quarantined worker take runs again.
         *
         *     If the next run fails on it too, before one succeeds, it is quarantined again at once.
         */
        post: operations["release_worker"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Webhooks
         * @description Webhooks, newest first.
         */
        get: operations["list_webhooks"];
        put?: never;
        /**
         * Create Webhook
         * @description Tell an address what happens from now on; the answer alone has its secret.
         */
        post: operations["create_webhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{webhook_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Webhook
         * @description One webhook.
         */
        get: operations["get_webhook"];
        put?: never;
        post?: never;
        /**
         * Delete Webhook
         * @description Tell an address nothing any more, and forget what it was told.
         */
        delete: operations["delete_webhook"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{webhook_id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Deliveries
         * @description What a webhook was told and is to be told, newest first; kept for 30 days.
         */
        get: operations["list_deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{webhook_id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Test Webhook
         * @description Send a ping on the way that everything takes; follow it among the deliveries.
         */
        post: operations["test_webhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream Events
         * @description Follow what changes, from now on or from the event after Last-Event-ID.
         */
        get: operations["stream_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Health
         * @description Say that the process answers.
         */
        get: operations["get_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Readiness
         * @description Check the database, its schema, the file store and the broker, for at most some seconds.
         */
        get: operations["get_readiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/info": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Info
         * @description Say what this service is and how it is set up.
         */
        get: operations["get_info"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/spec/schema": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Spec Schema
         * @description JSON schema of a run's spec; `group` says which part of a form a field belongs to.
         */
        get: operations["get_spec_schema"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * ArtifactKind
         * @description What a stored file is for.
         * @enum {string}
         */
        ArtifactKind: "checkpoint" | "weights" | "folded" | "graph" | "onnx" | "nir" | "pt2" | "certificate" | "samples" | "file";
        /**
         * ArtifactList
         * @description Files of a run.
         */
        ArtifactList: {
            /** Items */
            items: components["schemas"]["ArtifactRead"][];
        };
        /**
         * ArtifactRead
         * @description A stored file; download it at /artifacts/{id}.
         */
        ArtifactRead: {
            /** Id */
            id: string;
            /** Run Id */
            run_id: string;
            /** Attempt */
            attempt: number;
            kind: components["schemas"]["ArtifactKind"];
            /** Name */
            name: string;
            /** Media Type */
            media_type: string;
            /** Size */
            size: number;
            /** Sha256 */
            sha256: string;
            /** Step */
            step: number | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * AttemptOutcome
         * @description How one try at a run ended.
         * @enum {string}
         */
        AttemptOutcome: "running" | "succeeded" | "failed" | "cancelled" | "drained" | "lost";
        /**
         * AttemptRead
         * @description One try at a run.
         */
        AttemptRead: {
            /** Number */
            number: number;
            /** Worker Id */
            worker_id: string;
            /** Host */
            host: string;
            /** Device */
            device: string;
            outcome: components["schemas"]["AttemptOutcome"];
            /** Reason */
            reason: string | null;
            /**
             * Exit
             * @description How its process ended, where the worker saw it die: signal 9 (SIGKILL).
             */
            exit: string | null;
            /**
             * Refused
             * @description Writes of it that were refused because it owned the run no longer.
             */
            refused: number;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /** Finished At */
            finished_at: string | null;
            /** Resumed Step */
            resumed_step: number;
        };
        /**
         * BestRun
         * @description A run that no other beats.
         */
        BestRun: {
            /** Run Id */
            run_id: string;
            /** Name */
            name: string;
            /**
             * Levels
             * @description The fields that vary in the study.
             */
            levels: {
                [key: string]: unknown;
            };
            /**
             * Values
             * @description Of each objective, in their order.
             */
            values: number[];
        };
        /**
         * CellComparison
         * @description A cell minus the baseline, over the seeds that both have.
         */
        CellComparison: {
            /**
             * N
             * @description Seeds that both cells have.
             */
            n: number;
            /**
             * Mean
             * @description Mean difference; empty without a shared seed.
             */
            mean: number | null;
            /** Std */
            std: number | null;
            /** @description Of the mean, by Student's t. */
            interval: components["schemas"]["ConfidenceInterval"] | null;
            /**
             * Effect Size
             * @description Cohen's d_z: mean over std.
             */
            effect_size: number | null;
            /**
             * P
             * @description Paired t-test, after Holm's correction.
             */
            p: number | null;
            /** P Uncorrected */
            p_uncorrected: number | null;
            /**
             * P Wilcoxon
             * @description Signed-rank test, uncorrected.
             */
            p_wilcoxon: number | null;
            /**
             * P Permutation
             * @description Sign-flip test, uncorrected.
             */
            p_permutation: number | null;
            /**
             * Seeds Needed
             * @description Seeds at which a paired t-test would likely show such a difference.
             */
            seeds_needed: number | null;
            /**
             * Finding
             * @enum {string}
             */
            finding: "better" | "worse" | "unclear" | "equal" | "untested";
            /**
             * Sentence
             * @description The verdict in words.
             */
            sentence: string;
        };
        /**
         * CertificateRead
         * @description A certificate as docs/method.md describes it.
         */
        CertificateRead: {
            /** Model Id */
            model_id: string;
            /** Run Id */
            run_id: string;
            /** Certificate */
            certificate: {
                [key: string]: unknown;
            };
        };
        /**
         * ConfidenceInterval
         * @description A 95 % confidence interval.
         */
        ConfidenceInterval: {
            /** Low */
            low: number;
            /** High */
            high: number;
        };
        /**
         * DatasetFileRead
         * @description One original file of a data set.
         */
        DatasetFileRead: {
            /** Name */
            name: string;
            /** Bytes */
            bytes: number | null;
            /** Md5 */
            md5: string;
            /** Urls */
            urls: string[];
        };
        /**
         * DatasetList
         * @description All data sets.
         */
        DatasetList: {
            /** Items */
            items: components["schemas"]["DatasetRead"][];
        };
        /**
         * DatasetRead
         * @description A data set that specs may name.
         */
        DatasetRead: {
            /** Name */
            name: string;
            /** Title */
            title: string;
            /** Input Shape */
            input_shape: number[];
            /** Classes */
            classes: string[];
            /** Train */
            train: number;
            /** Test */
            test: number;
            /** Files */
            files: components["schemas"]["DatasetFileRead"][];
            /**
             * Ready
             * @description True when a live worker, or this server's folder, has it.
             */
            ready: boolean;
            /**
             * Workers
             * @description Live worker id to "ready" or what is missing.
             */
            workers: {
                [key: string]: string;
            };
            /**
             * Remedy
             * @description What to do when it is not ready.
             */
            remedy: string | null;
        };
        /**
         * DeliveryPage
         * @description One page of deliveries.
         */
        DeliveryPage: {
            /** Items */
            items: components["schemas"]["DeliveryRead"][];
            /** Next Cursor */
            next_cursor: string | null;
            /** Total */
            total: number;
        };
        /**
         * DeliveryRead
         * @description One thing that a webhook is told.
         */
        DeliveryRead: {
            /**
             * Id
             * @description The header webhook-id: the same in every try.
             */
            id: string;
            /**
             * Event
             * @enum {string}
             */
            event: "study_ended" | "study_paused" | "run_failed" | "run_ended" | "ping";
            /**
             * State
             * @enum {string}
             */
            state: "waiting" | "retrying" | "delivered" | "given_up";
            /** Tries */
            tries: number;
            /**
             * Next At
             * @description When it is tried next.
             */
            next_at: string | null;
            /**
             * Answer
             * @description What the last try met: the HTTP status, or the error.
             */
            answer: string | null;
            /**
             * Payload
             * @description The body that is sent.
             */
            payload: {
                [key: string]: unknown;
            };
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Delivered At */
            delivered_at: string | null;
        };
        /**
         * DifferingField
         * @description One field in which the runs differ.
         */
        DifferingField: {
            /** Name */
            name: string;
            /**
             * Values
             * @description Run by run; null where a run has no such field.
             */
            values: unknown[];
        };
        /**
         * EarlyTerminate
         * @description When trials are stopped early. `hyperband` is W&B's, `asha` its other name here.
         */
        EarlyTerminate: {
            /**
             * Type
             * @enum {string}
             */
            type: "hyperband" | "asha" | "median";
            /**
             * Min Iter
             * @description Epoch of the first rung.
             */
            min_iter?: number | null;
            /**
             * Max Iter
             * @description Epochs from which rungs count down.
             */
            max_iter?: number | null;
            /**
             * S
             * @description Rungs that count down from max_iter.
             * @default 2
             */
            s: number;
            /**
             * Eta
             * @description One in so many passes a rung.
             * @default 3
             */
            eta: number;
            /**
             * Strict
             * @description Stop also where fewer than eta trials came so far.
             * @default false
             */
            strict: boolean;
            /**
             * Min Trials
             * @description Others that the median rule waits for.
             * @default 5
             */
            min_trials: number;
        };
        /**
         * EstimateRange
         * @description From the lowest to the highest value that is likely; one number twice where it is known.
         */
        EstimateRange: {
            /** Low */
            low: number;
            /** High */
            high: number;
        };
        /**
         * EventRead
         * @description One change, as the data of a server-sent event; `id` is its Last-Event-ID.
         */
        EventRead: {
            /** Id */
            id: number;
            /**
             * Kind
             * @enum {string}
             */
            kind: "run" | "metrics" | "histograms" | "progress" | "log" | "study" | "model" | "worker";
            /** Run Id */
            run_id: string | null;
            /** Study Id */
            study_id: string | null;
            /** Data */
            data: {
                [key: string]: unknown;
            };
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * ExperimentList
         * @description All experiments.
         */
        ExperimentList: {
            /** Items */
            items: components["schemas"]["ExperimentRead"][];
        };
        /**
         * ExperimentRead
         * @description A name under which studies and runs stand; what is deleted or archived is not counted.
         */
        ExperimentRead: {
            /** Name */
            name: string;
            /**
             * Runs
             * @description How many runs are in which status.
             */
            runs: {
                [key: string]: number;
            };
            /**
             * Studies
             * @description How many studies are in which status.
             */
            studies: {
                [key: string]: number;
            };
            /**
             * Active At
             * Format: date-time
             * @description When something of it was made, begun or ended last.
             */
            active_at: string;
        };
        /**
         * FieldProblem
         * @description One thing wrong with one field of a document, and the way out where one is known.
         */
        FieldProblem: {
            /**
             * Path
             * @description Dotted path of the field, empty for the whole document.
             */
            path: string;
            /**
             * Message
             * @description What was wrong, with the allowed range or values.
             */
            message: string;
            /**
             * Hint
             * @description What to do, for example the nearest valid name.
             * @default null
             */
            hint: string | null;
        };
        /**
         * FileHash
         * @description A file that a certificate speaks of.
         */
        FileHash: {
            /** Artifact Id */
            artifact_id: string;
            kind: components["schemas"]["ArtifactKind"];
            /** Name */
            name: string;
            /** Size */
            size: number;
            /** Sha256 */
            sha256: string;
        };
        /**
         * GroupMetric
         * @description One metric of a group, over its runs that succeeded.
         */
        GroupMetric: {
            /** Metric */
            metric: string;
            /**
             * N
             * @description Values that the mean is of.
             */
            n: number;
            /**
             * Lacking
             * @description Runs that succeeded without this metric.
             */
            lacking: number;
            /** Mean */
            mean: number | null;
            /**
             * Std
             * @description Sample standard deviation; empty below two values.
             */
            std: number | null;
            /** @description Of the mean, by Student's t. */
            interval: components["schemas"]["ConfidenceInterval"] | null;
            /** @description Of the mean, by the BCa bootstrap, if asked for; empty below three values. */
            bootstrap: components["schemas"]["ConfidenceInterval"] | null;
            /** @description With the baseline, over the seeds that both have; p after Holm's correction over the groups. */
            comparison: components["schemas"]["CellComparison"] | null;
            /** Values */
            values: number[];
        };
        /**
         * GroupsRequest
         * @description Runs to group, and what to compare.
         */
        GroupsRequest: {
            /**
             * Filter
             * @description As in the list of runs.
             */
            filter?: string | null;
            /** Study Id */
            study_id?: string | null;
            /** Experiment */
            experiment?: string | null;
            /**
             * By
             * @description Fields of the spec, or names in scripts' configurations. When left out: all that differ among the runs, except the seed.
             */
            by?: string[] | null;
            /**
             * Metrics
             * @default [
             *       "test_acc"
             *     ]
             */
            metrics: string[];
            /**
             * Goals
             * @description Where they are not what the names say.
             * @default {}
             */
            goals: {
                [key: string]: "maximize" | "minimize";
            };
            /**
             * Baseline
             * @description Levels of the group that the others are compared with; `script` names the runs of a script. Nothing is compared when left out.
             */
            baseline?: {
                [key: string]: unknown;
            } | null;
            /**
             * Bootstrap
             * @description Also the BCa interval of each mean.
             * @default false
             */
            bootstrap: boolean;
        };
        /**
         * Health
         * @description The process answers.
         */
        Health: {
            /**
             * Status
             * @constant
             */
            status: "ok";
            /** Version */
            version: string;
        };
        /**
         * HistogramSeries
         * @description One distribution of one run by rising step: counts of equal-width bins from low to high.
         */
        HistogramSeries: {
            /** Name */
            name: string;
            /** Steps */
            steps: number[];
            /** Epochs */
            epochs: (number | null)[];
            /**
             * Lows
             * @description Left edge of the first bin, step by step.
             */
            lows: number[];
            /**
             * Highs
             * @description Right edge of the last bin, step by step.
             */
            highs: number[];
            /**
             * Counts
             * @description Values in each bin, step by step.
             */
            counts: number[][];
        };
        /**
         * HistogramsRead
         * @description Distributions of one run: the names of all, and those that were asked for.
         */
        HistogramsRead: {
            /** Run Id */
            run_id: string;
            /** Names */
            names: string[];
            /** Series */
            series: components["schemas"]["HistogramSeries"][];
        };
        /**
         * LogLineRead
         * @description One line of a run's log.
         */
        LogLineRead: {
            /** Id */
            id: number;
            /** Attempt */
            attempt: number;
            /**
             * Recorded At
             * Format: date-time
             */
            recorded_at: string;
            /** Text */
            text: string;
        };
        /**
         * LogPage
         * @description Newest lines of a run's log, oldest first.
         */
        LogPage: {
            /** Items */
            items: components["schemas"]["LogLineRead"][];
        };
        /**
         * MetricBatch
         * @description Values to write; a (name, step) that exists is replaced.
         */
        MetricBatch: {
            /**
             * Attempt
             * @description Attempt that writes; a superseded one is refused. Empty for own scripts, which write to runs that have ended, and to their own at any time.
             */
            attempt?: number | null;
            /** Metrics */
            metrics: {
                [key: string]: components["schemas"]["MetricPoint"][];
            };
        };
        /**
         * MetricPoint
         * @description One value of one metric.
         */
        MetricPoint: {
            /** Step */
            step: number;
            /** Value */
            value: number;
            /** Epoch */
            epoch?: number | null;
        };
        /**
         * MetricSeries
         * @description One metric of one run. `total` counts stored points, `steps` may be fewer.
         */
        MetricSeries: {
            /** Name */
            name: string;
            /** Total */
            total: number;
            /** Steps */
            steps: number[];
            /** Values */
            values: number[];
            /** Epochs */
            epochs: (number | null)[];
        };
        /**
         * MetricsRead
         * @description Metrics of one run.
         */
        MetricsRead: {
            /** Run Id */
            run_id: string;
            /** Series */
            series: components["schemas"]["MetricSeries"][];
        };
        /**
         * MetricsWritten
         * @description How many values were stored.
         */
        MetricsWritten: {
            /** Points */
            points: number;
        };
        /**
         * ModelPage
         * @description One page of models.
         */
        ModelPage: {
            /** Items */
            items: components["schemas"]["ModelRead"][];
            /** Next Cursor */
            next_cursor: string | null;
            /** Total */
            total: number;
        };
        /**
         * ModelRead
         * @description A folded model with the verdict of its certificate.
         */
        ModelRead: {
            /** Id */
            id: string;
            /** Run Id */
            run_id: string;
            /** Name */
            name: string;
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "exact" | "bounded";
            /** Test Acc */
            test_acc: number | null;
            spec: components["schemas"]["RunSpec"];
            /**
             * Input Shape
             * @description One sample's shape, (C, H, W) or (T, C, H, W).
             */
            input_shape: number[];
            /** Classes */
            classes: string[];
            /** Files */
            files: components["schemas"]["FileHash"][];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * Objective
         * @description The metric that the study compares, and which way is better.
         */
        Objective: {
            /**
             * Name
             * @default test_acc
             */
            name: string;
            /**
             * Goal
             * @description If left out: minimize for costs and losses, else maximize.
             * @enum {string}
             */
            goal?: "maximize" | "minimize";
            /**
             * Target
             * @description A sweep makes no further trials once one has ended this good.
             */
            target?: number | null;
        };
        /**
         * ObjectiveRead
         * @description A metric that a study looks at, and which way is better.
         */
        ObjectiveRead: {
            /** Name */
            name: string;
            /**
             * Goal
             * @enum {string}
             */
            goal: "maximize" | "minimize";
        };
        /**
         * OverlayCurve
         * @description One metric of one run. `total` counts stored points; thinned, it keeps ends and extremes.
         */
        OverlayCurve: {
            /** Run Id */
            run_id: string;
            /** Name */
            name: string;
            /** Total */
            total: number;
            /** Steps */
            steps: number[];
            /** Values */
            values: number[];
            /** Epochs */
            epochs: (number | null)[];
        };
        /**
         * OverlaysRead
         * @description Curves of many runs, as columns.
         */
        OverlaysRead: {
            /** Run Ids */
            run_ids: string[];
            /**
             * Series
             * @description Run by run, metrics in the asked order.
             */
            series: components["schemas"]["OverlayCurve"][];
            /**
             * Pending
             * @description Runs for which there was no time: ask again, for these alone.
             */
            pending: string[];
        };
        /**
         * OverlaysRequest
         * @description Curves to show over each other.
         */
        OverlaysRequest: {
            /**
             * Filter
             * @description As in the list of runs.
             */
            filter?: string | null;
            /** Study Id */
            study_id?: string | null;
            /** Experiment */
            experiment?: string | null;
            /**
             * Run Ids
             * @description These runs; else those that are selected.
             * @default []
             */
            run_ids: string[];
            /**
             * Names
             * @description Metrics.
             */
            names: string[];
            /**
             * Points
             * @description Most points a curve.
             * @default 300
             */
            points: number;
        };
        /**
         * Parameter
         * @description One field of the study: one `value`, a list of `values`, or a range to draw from.
         *
         *     A range of whole numbers is drawn as `int_uniform`, any other as `uniform`, unless
         *     `distribution` says otherwise.
         */
        Parameter: {
            /**
             * Value
             * @description The one value of this field in every run.
             */
            value?: unknown;
            /**
             * Values
             * @description The levels of this field.
             */
            values?: unknown[] | null;
            /**
             * Min
             * @description Least value that is drawn.
             */
            min?: number | null;
            /**
             * Max
             * @description Greatest value that is drawn.
             */
            max?: number | null;
            /**
             * Distribution
             * @description How the value is drawn.
             */
            distribution?: ("constant" | "categorical" | "categorical_w_probabilities" | "int_uniform" | "uniform" | "q_uniform" | "log_uniform" | "log_uniform_values" | "q_log_uniform" | "q_log_uniform_values" | "inv_log_uniform" | "inv_log_uniform_values" | "normal" | "q_normal" | "log_normal" | "q_log_normal") | null;
            /**
             * Probabilities
             * @description Of each of `values`.
             */
            probabilities?: number[] | null;
            /**
             * Mu
             * @description Mean of a normal distribution.
             * @default 0
             */
            mu: number;
            /**
             * Sigma
             * @description Its standard deviation.
             * @default 1
             */
            sigma: number;
            /**
             * Q
             * @description Step that a drawn value is rounded to.
             */
            q?: number | null;
            /**
             * When
             * @description Draw this field only where earlier parameters have these values; elsewhere it keeps its value of base.
             */
            when?: {
                [key: string]: unknown;
            } | null;
        };
        /**
         * ParameterLeftOut
         * @description A parameter that has no share.
         */
        ParameterLeftOut: {
            /** Name */
            name: string;
            /** Reason */
            reason: string;
        };
        /**
         * ParameterShare
         * @description How much a parameter mattered.
         */
        ParameterShare: {
            /** Name */
            name: string;
            /**
             * Share
             * @description Of the variance that all parameters explain.
             */
            share: number;
        };
        /**
         * PredictRequest
         * @description Samples to classify.
         */
        PredictRequest: {
            /**
             * Inputs
             * @description 1 to 256 images [N, C, H, W] with pixels in [0, 1], or recordings [N, T, C, H, W] as frames of event counts.
             */
            inputs: (number[][][] | number[][][][])[];
        };
        /**
         * PredictResponse
         * @description One prediction per sample.
         */
        PredictResponse: {
            /** Model Id */
            model_id: string;
            /** Predictions */
            predictions: components["schemas"]["Prediction"][];
            /**
             * Spikes
             * @description Neuron layer to the spikes of each sample; empty where the file has no counts.
             */
            spikes: {
                [key: string]: number[];
            };
        };
        /**
         * Prediction
         * @description What the folded network says of one sample.
         */
        Prediction: {
            /** Label */
            label: number;
            /** Name */
            name: string;
            /** Probability */
            probability: number;
            /** Probabilities */
            probabilities: number[];
        };
        /**
         * Problem
         * @description RFC 9457 problem+json: what was wrong and what to do.
         */
        Problem: {
            /**
             * Type
             * @description Stable identifier, for example /problems/spec-invalid.
             */
            type: string;
            /** Title */
            title: string;
            /** Status */
            status: number;
            /** Detail */
            detail: string;
            /**
             * Hint
             * @description What to do about it.
             * @default null
             */
            hint: string | null;
            /**
             * Errors
             * @default null
             */
            errors: components["schemas"]["FieldProblem"][] | null;
            /** Request Id */
            request_id: string;
        };
        /**
         * ProgressRead
         * @description Where a training stands.
         */
        ProgressRead: {
            /** Epoch */
            epoch: number;
            /** Epochs */
            epochs: number;
            /** Step */
            step: number;
            /** Steps */
            steps: number;
            /** Loss */
            loss?: number | null;
            /** Accuracy */
            accuracy?: number | null;
            /** Eta Seconds */
            eta_seconds?: number | null;
        };
        /**
         * Readiness
         * @description Whether the service can do its work, check by check.
         */
        Readiness: {
            /** Ready */
            ready: boolean;
            /**
             * Checks
             * @description Check name to "ok" or what is wrong.
             */
            checks: {
                [key: string]: string;
            };
            /**
             * Warnings
             * @description What keeps runs from being trained, while the service itself can work.
             */
            warnings: string[];
        };
        /**
         * Reference
         * @description A value from elsewhere; it is shown only together with its source.
         */
        Reference: {
            /** Name */
            name: string;
            /**
             * Value
             * @description In the unit that reports show: percent for accuracies.
             */
            value: number;
            /** Source */
            source: string;
        };
        /**
         * ReferenceRead
         * @description A value from elsewhere.
         */
        ReferenceRead: {
            /** Name */
            name: string;
            /** Value */
            value: number;
            /** Source */
            source: string;
        };
        /**
         * RunChange
         * @description What people call a run and write about it; what is left out stays as it is.
         */
        RunChange: {
            /** Name */
            name?: string | null;
            /** Experiment */
            experiment?: string | null;
            /**
             * Tags
             * @description Instead of those it has.
             */
            tags?: string[] | null;
            /**
             * Add Tags
             * @default []
             */
            add_tags: string[];
            /**
             * Remove Tags
             * @default []
             */
            remove_tags: string[];
            /** Notes */
            notes?: string | null;
            /**
             * Archived
             * @description Whether lists leave it out.
             */
            archived?: boolean | null;
        };
        /**
         * RunCreate
         * @description A run to queue; also the format of a run file.
         */
        RunCreate: {
            /**
             * Name
             * @description Shown in lists; made from the spec when empty.
             */
            name?: string | null;
            /**
             * Experiment
             * @default default
             */
            experiment: string;
            /**
             * Tags
             * @default []
             */
            tags: string[];
            /**
             * Priority
             * @description Higher runs first.
             * @default 0
             */
            priority: number;
            spec: components["schemas"]["RunSpec"];
        };
        /**
         * RunDifferences
         * @description What differs in the specs of runs.
         */
        RunDifferences: {
            /** Run Ids */
            run_ids: string[];
            /**
             * Names
             * @description What the runs are called, in the same order.
             */
            names: string[];
            /** Fields */
            fields: components["schemas"]["DifferingField"][];
            /**
             * Same
             * @description Fields that all have in common.
             */
            same: number;
            /**
             * Identical
             * @description Runs whose specs are the same, seed included.
             */
            identical: string[][];
        };
        /**
         * RunEstimate
         * @description What one run is likely to need. Spikes and operations are of one sample, in all its steps.
         */
        RunEstimate: {
            parameters: components["schemas"]["EstimateRange"];
            neurons: components["schemas"]["EstimateRange"];
            /** @description Multiply-accumulates of the folded network. */
            macs: components["schemas"]["EstimateRange"];
            /** @description Synaptic operations of the folded network. */
            synops: components["schemas"]["EstimateRange"];
            spikes: components["schemas"]["EstimateRange"];
            /** @description Share of neurons that fire at a step. */
            firing_rate: components["schemas"]["EstimateRange"];
            /** @description About how much the training's tensors take, beside the process itself. */
            memory_bytes: components["schemas"]["EstimateRange"];
            /** @description From start to end; empty until a run of the kind has finished. */
            seconds: components["schemas"]["EstimateRange"] | null;
            /**
             * Basis
             * @description What the estimates rest on, in words.
             */
            basis: string[];
        };
        /**
         * RunGroup
         * @description Runs with the same levels.
         */
        RunGroup: {
            /**
             * Levels
             * @description Value of each field of `by`; null where missing.
             */
            levels: {
                [key: string]: unknown;
            };
            /**
             * Script
             * @description Name of the script's runs that it holds; empty for what workers trained.
             */
            script: string | null;
            /**
             * Baseline
             * @description True for the group that the others are compared with.
             */
            baseline: boolean;
            /** Runs */
            runs: number;
            /**
             * Counts
             * @description All runs by state; no zeros.
             */
            counts: {
                [key: string]: number;
            };
            /**
             * Repeats
             * @description Runs left out of the statistics because another one has the same spec and the same seed: the newest that succeeded stands for them.
             */
            repeats: number;
            /**
             * Mixed
             * @description Fields besides the seed in which its runs differ all the same.
             */
            mixed: string[];
            /**
             * Run Ids
             * @description Every run, oldest first.
             */
            run_ids: string[];
            /**
             * Metrics
             * @description In the order of the request.
             */
            metrics: components["schemas"]["GroupMetric"][];
        };
        /**
         * RunGroups
         * @description Runs in groups, in the order of each group's oldest run.
         */
        RunGroups: {
            /** By */
            by: string[];
            /** Metrics */
            metrics: string[];
            /** Goals */
            goals: {
                [key: string]: "maximize" | "minimize";
            };
            /**
             * Total
             * @description Runs in all groups.
             */
            total: number;
            /** Groups */
            groups: components["schemas"]["RunGroup"][];
            /**
             * Complete
             * @description True when no run is queued, running or paused.
             */
            complete: boolean;
        };
        /**
         * RunPage
         * @description One page of runs.
         */
        RunPage: {
            /** Items */
            items: components["schemas"]["RunSummary"][];
            /** Next Cursor */
            next_cursor: string | null;
            /** Total */
            total: number;
        };
        /**
         * RunPlan
         * @description What a run document would queue.
         */
        RunPlan: {
            /** Name */
            name: string;
            spec: components["schemas"]["RunSpec"];
            /** Spec Digest */
            spec_digest: string;
            estimate: components["schemas"]["RunEstimate"];
        };
        /**
         * RunRead
         * @description A run with its attempts and the model it made.
         */
        RunRead: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Experiment */
            experiment: string;
            /** Study Id */
            study_id: string | null;
            /** Tags */
            tags: string[];
            /** Priority */
            priority: number;
            status: components["schemas"]["RunStatus"];
            /**
             * Reason
             * @description Stable code of why it failed or stopped.
             */
            reason: string | null;
            /** Detail */
            detail: string | null;
            /** Attempt */
            attempt: number;
            /**
             * Not Before
             * @description When a queued run that lost its worker may be tried again.
             */
            not_before: string | null;
            /** Worker Id */
            worker_id: string | null;
            /** Cancel Requested */
            cancel_requested: boolean;
            /** @description Who trains it: a worker, or a script of one's own. */
            source: components["schemas"]["RunSource"];
            /**
             * Spec
             * @description What it is: of a worker's run its specification, of a script's run the configuration that the script gave, nested names joined with dots.
             */
            spec: {
                [key: string]: unknown;
            } | components["schemas"]["RunSpec"];
            /** Spec Digest */
            spec_digest: string;
            progress: components["schemas"]["ProgressRead"] | null;
            /**
             * Summary
             * @description Newest value of every metric.
             */
            summary: {
                [key: string]: number;
            };
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Started At */
            started_at: string | null;
            /** Finished At */
            finished_at: string | null;
            /**
             * Archived At
             * @description Since when lists leave it out.
             */
            archived_at: string | null;
            /**
             * Notes
             * @description What a person wrote about it, in Markdown.
             */
            notes: string | null;
            /** Attempts */
            attempts: components["schemas"]["AttemptRead"][];
            /** Model Id */
            model_id: string | null;
            /**
             * Queue Position
             * @description 1 is next; only while queued.
             */
            queue_position: number | null;
        };
        /**
         * RunSource
         * @description Who trains a run.
         * @enum {string}
         */
        RunSource: "worker" | "script";
        /**
         * RunSpec
         * @description One training run, completely: two runs with one digest train the same weights.
         */
        RunSpec: {
            /**
             * Dataset
             * @description Which data set to train and test on.
             * @default digits
             * @enum {string}
             */
            dataset: "digits" | "mnist" | "fashion-mnist" | "kmnist" | "cifar10" | "cifar100" | "imagenet" | "n-mnist" | "cifar10-dvs" | "dvs128-gesture";
            /**
             * Train Samples
             * @description Use only the first so many training samples; all when empty.
             */
            train_samples?: number | null;
            /**
             * Test Samples
             * @description Use only the first so many test samples; all when empty.
             */
            test_samples?: number | null;
            /**
             * Image Size
             * @description Side in pixels that samples are resized to; the data set's own when empty.
             */
            image_size?: number | null;
            /**
             * Augmentation
             * @description Random shift by up to 1/8 of the image (crop), and random mirroring (flip), per batch.
             * @default none
             * @enum {string}
             */
            augmentation: "none" | "crop" | "flip" | "crop-flip";
            /**
             * Cutout
             * @description Side in pixels of a square erased from each training image.
             * @default 0
             */
            cutout: number;
            /**
             * Roll
             * @description Largest random cyclic shift in pixels of each training sample.
             * @default 0
             */
            roll: number;
            /**
             * Event Slicing
             * @description Frames of a recording: T slices of equal time, or of equal event count.
             * @default time
             * @enum {string}
             */
            event_slicing: "time" | "count";
            /**
             * Network
             * @description Which network family to build.
             * @default small-conv
             * @enum {string}
             */
            network: "small-conv" | "cifarnet" | "vgg16" | "resnet20" | "resnet19" | "resnet20-modified" | "sew-resnet18" | "sew-resnet34" | "sew-resnet50";
            /**
             * Width
             * @description Channels of the first stage; the family's own when empty.
             */
            width?: number | null;
            /**
             * Pooling
             * @description Pooling of small-conv, cifarnet and vgg16; the others stride.
             * @default average
             * @enum {string}
             */
            pooling: "average" | "max";
            /**
             * Sew Connect
             * @description How a SEW block joins its spikes with those of its shortcut.
             * @default add
             * @enum {string}
             */
            sew_connect: "add" | "and" | "iand";
            /**
             * Num Timesteps
             * @description Spike time steps T.
             * @default 4
             */
            num_timesteps: number;
            /**
             * Spike
             * @description Values of a spike: {0, 1}, or {-1, 0, 1} (Ternary Spike).
             * @default binary
             * @enum {string}
             */
            spike: "binary" | "ternary";
            /**
             * Decay
             * @description Membrane factor per time step; 1 is IF, below 1 is LIF.
             * @default 0.25
             */
            decay: number;
            /**
             * Learn Decay
             * @description Learn one decay per neuron layer, from `decay` (below 1) on.
             * @default false
             */
            learn_decay: boolean;
            /**
             * V Threshold
             * @description Membrane value at which a spike is sent.
             * @default 0.5
             */
            v_threshold: number;
            /**
             * Reset
             * @description After a spike the membrane is set to 0 (hard) or loses v_threshold (soft).
             * @default hard
             * @enum {string}
             */
            reset: "hard" | "soft";
            /**
             * Detach Reset
             * @description Leave the reset out of the gradient, as SEW-ResNet does.
             * @default false
             */
            detach_reset: boolean;
            /**
             * Membrane Norm
             * @description Batch normalisation of the membrane before the threshold (MPBN).
             * @default none
             * @enum {string}
             */
            membrane_norm: "none" | "mpbn";
            /**
             * Surrogate
             * @description Stand-in for the spike's derivative.
             * @default rectangle
             * @enum {string}
             */
            surrogate: "rectangle" | "triangle" | "sigmoid" | "atan" | "fast-sigmoid" | "tanh";
            /**
             * Surrogate Width
             * @description Width of the surrogate's window.
             * @default 1
             */
            surrogate_width: number;
            /**
             * Granularity
             * @description What shares one learned spike amplitude; binary is the vanilla network without any.
             * @default channel
             * @enum {string}
             */
            granularity: "binary" | "layer" | "channel" | "element";
            /**
             * Amplitude Constraint
             * @description Values an amplitude may take; powers of two fold bit for bit in float32.
             * @default free
             * @enum {string}
             */
            amplitude_constraint: "free" | "positive" | "power-of-two";
            /**
             * Amplitude Weight Decay
             * @description Weight decay on the amplitudes alone.
             * @default 0
             */
            amplitude_weight_decay: number;
            /**
             * Epochs
             * @description Passes over the training data.
             * @default 8
             */
            epochs: number;
            /**
             * Batch Size
             * @description Samples in one optimiser step.
             * @default 64
             */
            batch_size: number;
            /**
             * Optimizer
             * @description Optimiser.
             * @default adam
             * @enum {string}
             */
            optimizer: "sgd" | "adam" | "adamw";
            /**
             * Lr
             * @description Peak learning rate.
             * @default 0.009
             */
            lr: number;
            /**
             * Momentum
             * @description Momentum of sgd; adam ignores it.
             * @default 0.9
             */
            momentum: number;
            /**
             * Weight Decay
             * @description Weight decay on the weights.
             * @default 0
             */
            weight_decay: number;
            /**
             * Schedule
             * @description Learning rate over the steps of the run.
             * @default one-cycle
             * @enum {string}
             */
            schedule: "constant" | "step" | "cosine" | "one-cycle";
            /**
             * Step Epochs
             * @description Epochs between two drops of the step schedule.
             * @default 30
             */
            step_epochs: number;
            /**
             * Step Factor
             * @description Factor of each drop of the step schedule.
             * @default 0.1
             */
            step_factor: number;
            /**
             * Warmup Epochs
             * @description Epochs over which the learning rate first rises from 0.
             * @default 0
             */
            warmup_epochs: number;
            /**
             * Label Smoothing
             * @description Label smoothing.
             * @default 0
             */
            label_smoothing: number;
            /**
             * Clip Norm
             * @description Largest norm of the gradient; not clipped when empty.
             */
            clip_norm?: number | null;
            /**
             * Ema Decay
             * @description Test and fold an exponential moving average of the weights with this factor per step.
             */
            ema_decay?: number | null;
            /**
             * Early Stop Epochs
             * @description Stop after so many epochs without a better test accuracy.
             */
            early_stop_epochs?: number | null;
            /**
             * Precision
             * @description Arithmetic of synapses in training; membranes stay float32. fp16 needs a GPU.
             * @default fp32
             * @enum {string}
             */
            precision: "fp32" | "bf16" | "fp16";
            /**
             * Compile
             * @description Compile the network with torch.compile; slow to start.
             * @default false
             */
            compile: boolean;
            /**
             * Deterministic
             * @description Only deterministic kernels, so that a repeated run gives the same bits.
             * @default true
             */
            deterministic: boolean;
            /**
             * Regularizer
             * @description Loss term on the membranes: IM-Loss or RMP-Loss.
             * @default none
             * @enum {string}
             */
            regularizer: "none" | "im-loss" | "rmp-loss";
            /**
             * Regularizer Weight
             * @description Weight of the regularizer's term.
             * @default 0.005
             */
            regularizer_weight: number;
            /**
             * Distillation
             * @description Distil each time step's logits from an ANN twin, or from the mean over all steps.
             * @default none
             * @enum {string}
             */
            distillation: "none" | "ann-logit" | "self";
            /**
             * Distillation Weight
             * @description Weight of the distillation's term.
             * @default 0.5
             */
            distillation_weight: number;
            /**
             * Distillation Temperature
             * @description Temperature of the distillation's softmax.
             * @default 2
             */
            distillation_temperature: number;
            /**
             * Auxiliary Heads
             * @description Classifiers behind the earlier stages, in training only.
             * @default none
             * @enum {string}
             */
            auxiliary_heads: "none" | "shortcut-back";
            /**
             * Certificate Samples
             * @description Test samples on which the fold is proved.
             * @default 256
             */
            certificate_samples: number;
            /**
             * Seed
             * @description Seed of weights, data order and augmentation.
             * @default 0
             */
            seed: number;
        };
        /**
         * RunStatus
         * @description Where a run stands.
         * @enum {string}
         */
        RunStatus: "queued" | "running" | "paused" | "succeeded" | "failed" | "cancelled";
        /**
         * RunSummary
         * @description A run as lists show it.
         */
        RunSummary: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Experiment */
            experiment: string;
            /** Study Id */
            study_id: string | null;
            /** Tags */
            tags: string[];
            /** Priority */
            priority: number;
            status: components["schemas"]["RunStatus"];
            /**
             * Reason
             * @description Stable code of why it failed or stopped.
             */
            reason: string | null;
            /** Detail */
            detail: string | null;
            /** Attempt */
            attempt: number;
            /**
             * Not Before
             * @description When a queued run that lost its worker may be tried again.
             */
            not_before: string | null;
            /** Worker Id */
            worker_id: string | null;
            /** Cancel Requested */
            cancel_requested: boolean;
            /** @description Who trains it: a worker, or a script of one's own. */
            source: components["schemas"]["RunSource"];
            /**
             * Spec
             * @description What it is: of a worker's run its specification, of a script's run the configuration that the script gave, nested names joined with dots.
             */
            spec: {
                [key: string]: unknown;
            } | components["schemas"]["RunSpec"];
            /** Spec Digest */
            spec_digest: string;
            progress: components["schemas"]["ProgressRead"] | null;
            /**
             * Summary
             * @description Newest value of every metric.
             */
            summary: {
                [key: string]: number;
            };
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Started At */
            started_at: string | null;
            /** Finished At */
            finished_at: string | null;
            /**
             * Archived At
             * @description Since when lists leave it out.
             */
            archived_at: string | null;
        };
        /**
         * SamplesRead
         * @description Held-out samples with labels.
         */
        SamplesRead: {
            /**
             * Inputs
             * @description Images [N, C, H, W] in [0, 1], or frames [N, T, C, H, W] of event counts.
             */
            inputs: (number[][][] | number[][][][])[];
            /** Labels */
            labels: number[];
        };
        /**
         * ScriptBeat
         * @description What a script is told when it says that it is at work.
         */
        ScriptBeat: {
            /** @description cancelled means: a person wants it to stop. */
            status: components["schemas"]["RunStatus"];
            /**
             * Lease Seconds
             * @description A script that is silent for so long is lost.
             */
            lease_seconds: number;
        };
        /**
         * ScriptEnd
         * @description How a script's run ended.
         */
        ScriptEnd: {
            /**
             * Status
             * @default succeeded
             * @enum {string}
             */
            status: "succeeded" | "failed" | "cancelled";
            /** Exit Code */
            exit_code?: number | null;
            /**
             * Detail
             * @description Why, for a person.
             */
            detail?: string | null;
            /**
             * Finished At
             * @description By the script's clock; now if empty.
             */
            finished_at?: string | null;
        };
        /**
         * ScriptRunCreate
         * @description A run that a script of one's own trains, and that begins with this.
         */
        ScriptRunCreate: {
            /**
             * Id
             * @description Made by the script, which can so send this again, and later; else the service makes one.
             */
            id?: string | null;
            /**
             * Name
             * @description In a study, runs of one name make one cell.
             * @default script
             */
            name: string;
            /**
             * Experiment
             * @default default
             */
            experiment: string;
            /**
             * Tags
             * @default []
             */
            tags: string[];
            /** Notes */
            notes?: string | null;
            /**
             * Config
             * @description Any JSON; nested names are joined with dots. `seed` pairs it in a study.
             * @default {}
             */
            config: {
                [key: string]: unknown;
            };
            /**
             * Study Id
             * @description Study whose table it stands in.
             */
            study_id?: string | null;
            /**
             * Host
             * @default
             */
            host: string;
            /**
             * Device
             * @default
             */
            device: string;
            /**
             * Started At
             * @description By the script's clock; now if empty.
             */
            started_at?: string | null;
        };
        /**
         * SeedsAdded
         * @description What more seeds queued, or would queue.
         */
        SeedsAdded: {
            /** Seeds */
            seeds: number[];
            /**
             * Runs
             * @description Runs that were missing: cells without one of these seeds.
             */
            runs: number;
            /**
             * Names
             * @description Their names, in the order in which they begin.
             */
            names: string[];
            study: components["schemas"]["StudyRead"];
        };
        /**
         * SeedsRequest
         * @description More seeds for a study: these, or so many that follow its highest.
         */
        SeedsRequest: {
            /** Seeds */
            seeds?: number[] | null;
            /** Count */
            count?: number | null;
        };
        /**
         * ServiceInfo
         * @description What this service is and how it is set up.
         */
        ServiceInfo: {
            /** Version */
            version: string;
            /**
             * Mode
             * @enum {string}
             */
            mode: "embedded" | "team";
            /**
             * Database
             * @enum {string}
             */
            database: "sqlite" | "postgresql";
            /**
             * Broker
             * @enum {string}
             */
            broker: "filesystem" | "redis";
            /** Study Run Limit */
            study_run_limit: number;
            /**
             * Web
             * @description True when the web page is built and served at /.
             */
            web: boolean;
        };
        /**
         * StudyBest
         * @description The best run of a study, or with several objectives its Pareto front.
         */
        StudyBest: {
            /** Study Id */
            study_id: string;
            /**
             * Objectives
             * @description The study's own metric first.
             */
            objectives: components["schemas"]["ObjectiveRead"][];
            /**
             * Runs
             * @description One run, the earliest of equals; with several objectives all runs that no other beats, best in the first objective first. Empty before a run has finished.
             */
            runs: components["schemas"]["BestRun"][];
            /**
             * Finished
             * @description Runs that were trained to the end: one of them is best.
             */
            finished: number;
            /**
             * Pruned
             * @description Runs that were stopped early; never best.
             */
            pruned: number;
            /**
             * Failed
             * @description Runs that failed; never best.
             */
            failed: number;
        };
        /**
         * StudyCell
         * @description One combination of the factors, over its seeds.
         */
        StudyCell: {
            /**
             * Levels
             * @description Factor name to level.
             */
            levels: {
                [key: string]: unknown;
            };
            /**
             * Script
             * @description Name of the runs of people's own scripts that make this cell; then `levels` has only what they gave. Empty for what workers trained.
             */
            script: string | null;
            /**
             * N
             * @description Runs that succeeded and have the metric.
             */
            n: number;
            /**
             * Runs
             * @description Runs that belong to the cell.
             */
            runs: number;
            /** Failed */
            failed: number;
            /**
             * Pruned
             * @description Runs that were stopped early.
             */
            pruned: number;
            /** Mean */
            mean: number | null;
            /**
             * Std
             * @description Sample standard deviation; empty below two runs.
             */
            std: number | null;
            /** @description Of the mean, by Student's t. */
            interval: components["schemas"]["ConfidenceInterval"] | null;
            /** @description Of the mean, by the BCa bootstrap; empty below three different values. */
            bootstrap: components["schemas"]["ConfidenceInterval"] | null;
            /**
             * Baseline
             * @description True for the cell that the others are compared with.
             */
            baseline: boolean;
            /** @description Empty for the baseline. */
            comparison: components["schemas"]["CellComparison"] | null;
            /** Values */
            values: number[];
            /** Run Ids */
            run_ids: string[];
            /**
             * Verdicts
             * @description Certificate verdicts of the cell's models.
             */
            verdicts: {
                [key: string]: number;
            };
        };
        /**
         * StudyChange
         * @description What changes about a study; what is left out stays as it is.
         */
        StudyChange: {
            /**
             * Priority
             * @description Higher runs first.
             */
            priority?: number | null;
            /**
             * Parallel
             * @description Most runs that are open at once.
             */
            parallel?: number | null;
            /** Name */
            name?: string | null;
            /**
             * Experiment
             * @description Its runs go there too.
             */
            experiment?: string | null;
            /** Notes */
            notes?: string | null;
            /**
             * Archived
             * @description Whether lists leave it and its runs out.
             */
            archived?: boolean | null;
        };
        /**
         * StudyDocument
         * @description A study: base fields, the levels that vary, and the seeds that every level meets.
         */
        StudyDocument: {
            /**
             * Name
             * @description Shown in lists; the runs are named after it.
             * @default study
             */
            name: string;
            /**
             * Experiment
             * @default default
             */
            experiment: string;
            /**
             * Tags
             * @default []
             */
            tags: string[];
            /**
             * Priority
             * @description Higher runs first.
             * @default 0
             */
            priority: number;
            /**
             * Method
             * @description grid: every combination of the levels. Sweeps: random, bayes (tpe), gp.
             * @default grid
             * @enum {string}
             */
            method: "grid" | "random" | "bayes" | "tpe" | "gp";
            /**
             * @description What the table compares, and a sweep searches.
             * @default {
             *       "name": "test_acc",
             *       "goal": "maximize"
             *     }
             */
            metric: components["schemas"]["Objective"] | string;
            /**
             * Base
             * @description Fields of the spec that all runs share.
             * @default {}
             */
            base: {
                [key: string]: unknown;
            };
            /**
             * Parameters
             * @description Fields of the grid or the sweep, in the form of sweep files; a group of nested ones counts as if they stood in its place.
             * @default {}
             */
            parameters: {
                [key: string]: components["schemas"]["Parameter"];
            };
            /**
             * Ablate
             * @description Factors of the ablation and their levels.
             * @default {}
             */
            ablate: {
                [key: string]: unknown[];
            };
            /**
             * Design
             * @description Every combination of the factors' levels, or the first level of each and the others one by one.
             * @default factorial
             * @enum {string}
             */
            design: "factorial" | "one-at-a-time";
            /**
             * Baseline
             * @description Levels of the cell that others are compared with, or {script: name} for what scripts of your own measured under that name; the first cell if empty.
             */
            baseline?: {
                [key: string]: unknown;
            } | null;
            /**
             * References
             * @description Values from elsewhere, shown beside the study's own.
             * @default []
             */
            references: components["schemas"]["Reference"][];
            /** Seeds */
            seeds?: (number[] | number) | null;
            /**
             * Run Cap
             * @description Most runs. Of a grid, whole seeds are left out until it fits; a sweep makes so many trials, 100 if empty.
             */
            run_cap?: number | null;
            /**
             * Parallel
             * @description Most runs that are open at once; of a sweep as many as there are slots.
             */
            parallel?: number | null;
            /**
             * Max Consecutive Failures
             * @description Pause the study when so many runs in a row have failed.
             */
            max_consecutive_failures?: number | null;
            /** @description When the trials of a sweep are stopped early. */
            early_terminate?: components["schemas"]["EarlyTerminate"] | null;
            /**
             * Objectives
             * @description More metrics that a sweep searches together with `metric`: a Pareto front.
             * @default []
             */
            objectives: components["schemas"]["Objective"][];
            /**
             * Program
             * @description Part of W&B's sweep files; not used here.
             */
            program?: string | null;
            /**
             * Command
             * @description Part of W&B's sweep files; not used here.
             */
            command?: string[] | null;
            /**
             * Project
             * @description Part of W&B's sweep files; not used here.
             */
            project?: string | null;
            /**
             * Entity
             * @description Part of W&B's sweep files; not used here.
             */
            entity?: string | null;
            /**
             * Description
             * @description For people.
             */
            description?: string | null;
        };
        /**
         * StudyImportance
         * @description Which parameters of a study mattered for a metric: fANOVA over a random forest.
         */
        StudyImportance: {
            /** Study Id */
            study_id: string;
            /** Metric */
            metric: string;
            /**
             * Epoch
             * @description Epoch at which the runs were compared; empty for the last values of those that were trained to the end.
             */
            epoch: number | null;
            /**
             * Runs
             * @description Runs that it was computed from.
             */
            runs: number;
            /**
             * Shares
             * @description Largest first. They add up to 1 even where a metric is noise.
             */
            shares: components["schemas"]["ParameterShare"][];
            /** Left Out */
            left_out: components["schemas"]["ParameterLeftOut"][];
            /**
             * Notice
             * @description Why there are no shares.
             */
            notice: string | null;
        };
        /**
         * StudyPage
         * @description One page of studies.
         */
        StudyPage: {
            /** Items */
            items: components["schemas"]["StudyRead"][];
            /** Next Cursor */
            next_cursor: string | null;
            /** Total */
            total: number;
        };
        /**
         * StudyPlan
         * @description What a study document would queue.
         */
        StudyPlan: {
            /**
             * Runs
             * @description Runs that would be queued, or trials that a sweep would make.
             */
            runs: number;
            /** Factors */
            factors: string[];
            /** Cells */
            cells: {
                [key: string]: unknown;
            }[];
            /**
             * Seeds
             * @description Seeds that every cell meets.
             */
            seeds: number[];
            /**
             * Remarks
             * @description Parts of the document that have no effect, and why.
             */
            remarks: string[];
            /**
             * Estimates
             * @description Of a run of each cell, in the order of `cells`; of a sweep, one for any trial.
             */
            estimates: components["schemas"]["RunEstimate"][];
            /**
             * Slots
             * @description Runs that the workers alive train at once.
             */
            slots: number;
            /** @description Of the whole study on these slots, nothing stopped early; empty while the time of a run is unknown. */
            seconds: components["schemas"]["EstimateRange"] | null;
        };
        /**
         * StudyRead
         * @description A study and where it stands.
         */
        StudyRead: {
            /** Id */
            id: string;
            /** Name */
            name: string;
            /** Experiment */
            experiment: string;
            /** Document */
            document: {
                [key: string]: unknown;
            };
            /** Factors */
            factors: string[];
            /** Metric */
            metric: string;
            /**
             * Goal
             * @enum {string}
             */
            goal: "maximize" | "minimize";
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "running" | "paused" | "finished" | "cancelled";
            /**
             * Notice
             * @description Why the service itself paused the study.
             */
            notice: string | null;
            /**
             * Trials Left
             * @description Trials that a sweep has yet to make.
             */
            trials_left: number | null;
            /**
             * Parallel
             * @description Most runs that are open at once.
             */
            parallel: number | null;
            /** Counts */
            counts: {
                [key: string]: number;
            };
            /** Total */
            total: number;
            /**
             * Progress
             * @description Share of all epochs done.
             */
            progress: number;
            /** Eta Seconds */
            eta_seconds: number | null;
            /**
             * Notes
             * @description What a person wrote about it, in Markdown.
             */
            notes: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Finished At */
            finished_at: string | null;
            /**
             * Archived At
             * @description Since when lists leave it and its runs out.
             */
            archived_at: string | null;
        };
        /**
         * StudyRerun
         * @description What a rerun queued.
         */
        StudyRerun: {
            /** Queued */
            queued: number;
            /**
             * Scripts
             * @description Such runs of own scripts; no worker can train those.
             */
            scripts: number;
            study: components["schemas"]["StudyRead"];
        };
        /**
         * StudyRerunRequest
         * @description Which runs of a study are queued again.
         */
        StudyRerunRequest: {
            /**
             * Which
             * @default failed
             * @enum {string}
             */
            which: "failed" | "cancelled" | "both";
        };
        /**
         * StudyTable
         * @description The comparison table of a study: one row a cell.
         */
        StudyTable: {
            /** Study Id */
            study_id: string;
            /** Metric */
            metric: string;
            /**
             * Goal
             * @enum {string}
             */
            goal: "maximize" | "minimize";
            /** Factors */
            factors: string[];
            /** Cells */
            cells: components["schemas"]["StudyCell"][];
            /** References */
            references: components["schemas"]["ReferenceRead"][];
            /**
             * Complete
             * @description True when no run is queued, running or paused.
             */
            complete: boolean;
        };
        /**
         * WebhookCreate
         * @description An address to tell what happens.
         */
        WebhookCreate: {
            /**
             * Url
             * @description Where to POST what happens: https://host/path.
             */
            url: string;
            /**
             * Events
             * @description What to tell; the usual when left out.
             * @default [
             *       "study_ended",
             *       "study_paused",
             *       "run_failed"
             *     ]
             */
            events: components["schemas"]["WebhookEvent"][];
        };
        /**
         * WebhookCreated
         * @description A new webhook with its secret, which is shown this once.
         */
        WebhookCreated: {
            /** Id */
            id: string;
            /** Url */
            url: string;
            /** Events */
            events: components["schemas"]["WebhookEvent"][];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Secret
             * @description Key of the signatures of all that it is sent.
             */
            secret: string;
        };
        /**
         * WebhookEvent
         * @description What a webhook may be told of.
         * @enum {string}
         */
        WebhookEvent: "study_ended" | "study_paused" | "run_failed" | "run_ended";
        /**
         * WebhookList
         * @description All webhooks.
         */
        WebhookList: {
            /** Items */
            items: components["schemas"]["WebhookRead"][];
        };
        /**
         * WebhookRead
         * @description An address that is told what happens.
         */
        WebhookRead: {
            /** Id */
            id: string;
            /** Url */
            url: string;
            /** Events */
            events: components["schemas"]["WebhookEvent"][];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * WorkerList
         * @description Workers, newest first.
         */
        WorkerList: {
            /** Items */
            items: components["schemas"]["WorkerRead"][];
        };
        /**
         * WorkerRead
         * @description A worker process.
         */
        WorkerRead: {
            /** Id */
            id: string;
            /** Host */
            host: string;
            /** Pid */
            pid: number;
            /** Device */
            device: string;
            /** Slots */
            slots: number;
            /** Versions */
            versions: {
                [key: string]: string;
            };
            /**
             * Status
             * @enum {string}
             */
            status: "alive" | "quarantined" | "draining" | "stopped" | "lost";
            /**
             * Quarantined At
             * @description Since when it gets no runs, because they failed on it one after another.
             */
            quarantined_at: string | null;
            /**
             * Quarantine Reason
             * @description Which failed, and what to do.
             */
            quarantine_reason: string | null;
            /** Run Ids */
            run_ids: string[];
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /**
             * Seen At
             * Format: date-time
             */
            seen_at: string;
            /** Stopped At */
            stopped_at: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    group_runs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GroupsRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunGroups"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    compare_specs: {
        parameters: {
            query: {
                /** @description Runs to compare, 2 or more. */
                run_id: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunDifferences"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    overlay_curves: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OverlaysRequest"];
            };
        };
        responses: {
            /** @description The curves. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OverlaysRead"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_runs: {
        parameters: {
            query?: {
                /** @description For example: status = "succeeded" and metrics.test_acc > 0.9 and spec.granularity in ("channel", "element") and has tag "paper" */
                filter?: string | null;
                /** @description Only in one of these states. */
                status?: components["schemas"]["RunStatus"][];
                /** @description Only of this experiment. */
                experiment?: string | null;
                /** @description Only where every word occurs, in either case: in the name, the experiment, a tag, the notes, or as an id or a start or an end of one. */
                q?: string | null;
                /** @description Only of this study. */
                study_id?: string | null;
                /** @description Most items of this page. */
                limit?: number;
                /** @description next_cursor of the page before; empty for the first page. */
                cursor?: string | null;
                /** @description Those that were deleted and can be brought back, instead of the others. */
                deleted?: boolean;
                /** @description Those that were archived, alone or with their study, instead of the others. */
                archived?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunPage"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_run: {
        parameters: {
            query?: never;
            header?: {
                /** @description Made by the client: a request sent again with it creates nothing twice. */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunRead"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    plan_run: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunPlan"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a run. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a run. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a run. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunRead"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a run. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retry_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a run. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    restore_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a run. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_log: {
        parameters: {
            query?: {
                /** @description Most lines. */
                limit?: number;
                /** @description Only lines after the one with this id. */
                after?: number;
            };
            header?: never;
            path: {
                /** @description Id of a run. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogPage"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_artifacts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a run. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ArtifactList"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    begin_script_run: {
        parameters: {
            query?: never;
            header?: {
                /** @description Made by the client: a request sent again with it creates nothing twice. */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScriptRunCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunRead"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    beat_script_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a run. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScriptBeat"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    finish_script_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a run. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScriptEnd"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunRead"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_metrics: {
        parameters: {
            query?: {
                /** @description Only these metrics; all when empty. */
                name?: string[];
                /** @description Most points a metric, thinned out beyond. */
                max_points?: number;
            };
            header?: never;
            path: {
                /** @description Id of a run. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MetricsRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    write_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a run. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MetricBatch"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MetricsWritten"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_histograms: {
        parameters: {
            query?: {
                /** @description These distributions at every step; only names when empty. */
                name?: string[];
            };
            header?: never;
            path: {
                /** @description Id of a run. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistogramsRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_studies: {
        parameters: {
            query?: {
                /** @description Only of this experiment. */
                experiment?: string | null;
                /** @description Only where every word occurs, in either case: in the name, the experiment, a tag, the notes, or as an id or a start or an end of one. */
                q?: string | null;
                /** @description Most items of this page. */
                limit?: number;
                /** @description next_cursor of the page before; empty for the first page. */
                cursor?: string | null;
                /** @description Those that were deleted and can be brought back, instead of the others. */
                deleted?: boolean;
                /** @description Those that were archived, alone or with their study, instead of the others. */
                archived?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StudyPage"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_study: {
        parameters: {
            query?: never;
            header?: {
                /** @description Made by the client: a request sent again with it creates nothing twice. */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StudyDocument"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StudyRead"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    plan_study: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StudyDocument"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StudyPlan"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_study: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a study. */
                study_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StudyRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_study: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a study. */
                study_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_study: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a study. */
                study_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StudyChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StudyRead"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_study_table: {
        parameters: {
            query?: {
                /** @description Metric to compare; the study's own when empty. */
                metric?: string | null;
            };
            header?: never;
            path: {
                /** @description Id of a study. */
                study_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StudyTable"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_study_report: {
        parameters: {
            query?: {
                /** @description How it is written. */
                format?: "markdown" | "latex" | "csv" | "html";
                /** @description Metric to compare; the study's own when empty. */
                metric?: string | null;
            };
            header?: never;
            path: {
                /** @description Id of a study. */
                study_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The report in the format that was asked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/markdown": string;
                    "application/x-latex": string;
                    "text/csv": string;
                    "text/html": string;
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_study: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a study. */
                study_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StudyRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pause_study: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a study. */
                study_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StudyRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resume_study: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a study. */
                study_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StudyRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    restore_study: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a study. */
                study_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StudyRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rerun_study: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a study. */
                study_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["StudyRerunRequest"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StudyRerun"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    add_study_seeds: {
        parameters: {
            query?: never;
            header?: {
                /** @description Made by the client: a request sent again with it creates nothing twice. */
                "Idempotency-Key"?: string | null;
            };
            path: {
                /** @description Id of a study. */
                study_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SeedsRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SeedsAdded"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    plan_study_seeds: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a study. */
                study_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SeedsRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SeedsAdded"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_study_best: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a study. */
                study_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StudyBest"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_study_importance: {
        parameters: {
            query?: {
                /** @description Metric to explain; the study's own when empty. */
                metric?: string | null;
                /** @description Compare all runs at this epoch, or `last`: what those that were trained to the end came to. When empty, `last`, but of a study that stops runs early the first epoch at which it may. */
                epoch?: number | "last" | null;
            };
            header?: never;
            path: {
                /** @description Id of a study. */
                study_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StudyImportance"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_experiments: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExperimentList"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_models: {
        parameters: {
            query?: {
                /** @description Only of this study. */
                study_id?: string | null;
                /** @description Most items of this page. */
                limit?: number;
                /** @description next_cursor of the page before; empty for the first page. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelPage"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_model: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a folded model. */
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_certificate: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a folded model. */
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CertificateRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    download_model_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a folded model. */
                model_id: string;
                kind: components["schemas"]["ArtifactKind"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description The range of the file that was asked for. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description The client has this file already (If-None-Match). */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The range lies outside the file. */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_samples: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a folded model. */
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SamplesRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    predict: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a folded model. */
                model_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PredictRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PredictResponse"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    download_artifact: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of an artifact. */
                artifact_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description The range of the file that was asked for. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description The client has this file already (If-None-Match). */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The range lies outside the file. */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_run_file: {
        parameters: {
            query?: never;
            header?: {
                /** @description SHA-256 of the file in hexadecimal digits; other bytes are refused. */
                "X-Content-SHA256"?: string | null;
            };
            path: {
                /** @description Id of a run. */
                run_id: string;
                /** @description Name under which the run shows it; no slashes, no dot at its beginning. */
                name: string;
            };
            cookie?: never;
        };
        /** @description The file; its Content-Type is kept. */
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ArtifactRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_datasets: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetList"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_dataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of a data set. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_dataset_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of a data set. */
                name: string;
                /** @description Name of a file of the data set. */
                file: string;
            };
            cookie?: never;
        };
        /** @description The file as its authors made it. */
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_workers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkerList"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    release_worker: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a worker. */
                worker_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkerRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_webhooks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookList"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_webhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Made by the client: a request sent again with it creates nothing twice. */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookCreated"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not possible in the present state. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a webhook. */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a webhook. */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_deliveries: {
        parameters: {
            query?: {
                /** @description Most items of this page. */
                limit?: number;
                /** @description next_cursor of the page before; empty for the first page. */
                cursor?: string | null;
            };
            header?: never;
            path: {
                /** @description Id of a webhook. */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryPage"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    test_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of a webhook. */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stream_events: {
        parameters: {
            query?: {
                /** @description Only of this run. */
                run_id?: string | null;
                /** @description Only of this study. */
                study_id?: string | null;
                /** @description Go on after this event; like Last-Event-ID. */
                last_event_id?: number | null;
            };
            header?: {
                "Last-Event-ID"?: number | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A stream; each `data` is one EventRead. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["EventRead"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A field or parameter is wrong; `errors` names each. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_readiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A check failed; `checks` says which and why. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
    get_info: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceInfo"];
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_spec_schema: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description An internal error, logged under the request id. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A store or the service cannot work right now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
