-- Who was told of an alert, and what became of it; the newest first.
SELECT
    about.alert_id, parcel_id, recipient, carrier, parcel.state, tries, said, notice.rule, parcel.created_at
FROM about JOIN parcel USING (notice_id) JOIN notice USING (notice_id) JOIN alert USING (alert_id)
WHERE :everything OR alert.state <> 'resolved' ORDER BY parcel.created_at DESC, recipient
